# What metalwright claims, and the tests that show it. ctest reads this file after all tests are known (it is no part of
# the build); each claim becomes the label claim:<id> of its tests, so `ctest -L claim:5.raid.refuses-not-blank` runs
# what shows one claim. tests/arch/claims.py makes docs/claims.md of it and holds both against the tests that exist.
#
#   claim(ID "One sentence." TEST...)     TEST is the exact name of a ctest test. ID starts with its section's number.
#   pending(ID...)                        Claims that no test shows yet. To be emptied; a claim with tests may not stand here.
function(claim id sentence)
  foreach(test IN LISTS ARGN)
    set_tests_properties(${test} PROPERTIES LABELS "claim:${id}")
  endforeach()
endfunction()

function(pending)
endfunction()

# --- 1. The house
claim(1.rooms "A file includes only from its own room and from the rooms that its own lists."
  arch.rooms arch.rules_bite)
claim(1.toolchain-traps "What g++ 12 gets wrong about coroutines cannot be written here unnoticed."
  arch.co_await_braces arch.capturing_coroutines arch.self_registering arch.compiler_flags arch.rules_bite)
claim(1.io-not-in-headers "Asio, Beast and the whole of nlohmann/json stay out of headers."
  arch.headers arch.rules_bite)
claim(1.format "The tree is formatted as .clang-format says."
  arch.format)
claim(1.small-files "No source file is longer than 500 lines, and none promises what it does not do."
  arch.length arch.pragma_once arch.words arch.rules_bite)
claim(1.claims-table "The table of claims is generated, current, and names only tests that exist."
  arch.claims arch.claims_bite)

# --- 2. Two commands
claim(2.demo-runs "The demo turns a blank machine and a createInstances request into a running instance, and exits 0 only then.")
claim(2.demo-plain "Where its output is no terminal, the demo prints plain lines.")
claim(2.demo-json "The demo writes the final status as JSON whatever the outcome.")
claim(2.demo-catalogue "The demo's catalogue knows every RAID type id that an order may name.")
claim(2.no-kernel-needed "No test asks for md, bonding or VLAN in the kernel of the machine that builds.")

# --- 3. Daemon and command
claim(3.one-io-thread "A slow caller or a half-sent request keeps nobody else waiting at the admin socket.")
claim(3.config-checked "An unknown or impossible key of metalwright.toml is told with its line, all of them at once.")
claim(3.config-documented "Every key of the configuration stands in the man page.")
claim(3.socket-is-roots "The admin socket is root's, mode 0660.")
claim(3.socket-activation "The admin socket may be handed over by systemd.")
claim(3.http "The admin API speaks HTTP/1.1 and JSON, and refuses what is too large or malformed.")
claim(3.log-fields "The log goes to the journal with structured fields, or to stderr, at the configured level.")
claim(3.sigterm "SIGTERM finishes or parks the step in hand within five seconds and exits 0.")
claim(3.service-files "The units pass systemd-analyze verify.")
claim(3.watchdog "The watchdog is fed only while the daemon is alive in fact.")
claim(3.service "The agent runs as the sandboxed systemd service that is shipped, and does its work there.")
claim(3.cli-validate "validate needs no daemon, and without a catalogue checks opaque ids for form only.")
claim(3.cli-plan "plan says in words what would be done to which disk, by serial, and changes nothing.")
claim(3.cli-apply "apply hands the document over, and with --wait follows it to its end.")
claim(3.cli-status "status, operations and inventory are tables for people and JSON for programs.")
claim(3.cli-exit-codes "The exit status tells done, failed, wrong document, no daemon and waited too long apart.")
claim(3.cli-completion "Completion and man pages know every option of the command.")
claim(3.status-shape "The status document has the published members, and one state of a closed set.")

# --- 4. The spec
claim(4.schema "The published JSON Schema and the reader agree, document by document.")
claim(4.all-errors-at-once "Every error of a document is told in one answer, each with its JSON pointer.")
claim(4.envelope "A vendor's request in an envelope is read as what its customer ordered.")
claim(4.jdcloud-fields "Each field of createInstances does what it should on the host, or is checked and kept.")
claim(4.jdcloud-limits "The vendor's limits and formats are enforced.")
claim(4.jdcloud-real-requests "Requests as the vendor's own SDKs send them, nulls and unknown fields included, are read.")
claim(4.catalogue "Opaque ids become levels, member rules, file systems and keys through a catalogue, which is itself checked.")
claim(4.system-array "The system array is compared and reported, never touched.")
claim(4.client-token "A repeated clientToken gets the first request's result, also after a restart.")
claim(4.token-other-content "A clientToken with other content is a conflict.")
claim(4.sources "Each source has its own generation and replaces only its own document; contradiction is told, not guessed.")
claim(4.generations "An older generation is refused; the same one with other content is a conflict.")
claim(4.absent-is-unmanaged "What a document leaves out is left alone; only an explicit empty value removes, and only ours.")
claim(4.instance-in-force "While an instance is in force a document of another one is refused; a release frees the host.")
claim(4.converging-and-once "Arrays and addresses are kept true; name, password, keys and script are done once per instance.")
claim(4.batch-journal "The journal has the intent before a batch and its outcomes, with the report, in one commit after it.")
claim(4.all-or-nothing "A group of steps with inverses happens as a whole or is rolled back, also after a crash.")
claim(4.named-before-made "UUIDs are drawn and journaled before create, so half-made work is finished, not refused.")
claim(4.wipe-consent "Consent to wipe names disk and content, belongs to one operation and is used up before the first write.")
claim(4.aliases "An alias with host bits is one address; a range that would answer for neighbours is refused.")
claim(4.secrets "Passwords, tokens and user data reach no log, report or error, and passwords are kept hashed only.")
claim(4.rebuilt-store "With a rebuilt or restored store, user data is never run and destructive steps stay locked.")

# --- 5. What is applied
claim(5.raid.levels "mdadm arrays of levels 0, 1, 5, 6 and 10 are planned with the flags that are right for each.")
claim(5.raid.member-choice "Members are chosen by the catalogue's rule and named by serial or WWN, never by device name.")
claim(5.raid.unchanged "An array that is already as wanted is unchanged.")
claim(5.raid.refuses-not-blank "A disk that is not provably blank is refused with what was found on it.")
claim(5.raid.absent-not-recreated "An array that once existed and is gone is reported, not made anew.")
claim(5.raid.read-back "What was made is read back from the kernel and from mdadm before it is called changed.")
claim(5.raid.mounted "File systems are made once, named by UUID, and mounted by systemd.")
claim(5.raid.reboot "Arrays, file systems and mounts are there after a reboot.")
claim(5.net.primary "Primary address, gateway, DNS, MTU and routes become what the document says.")
claim(5.net.aliases "Every alias is applied in a batch and has its own result with the kernel's own text.")
claim(5.net.persisted "What is needed to reach the control plane at boot is written in the distribution's own way.")
claim(5.net.reboot "Addresses are there again after a reboot.")
claim(5.net.only-ours "Only addresses, routes and rules that metalwright made are ever removed.")
claim(5.first.hostname "The host name is set now and for later boots.")
claim(5.first.password "The root password is set as a yescrypt hash.")
claim(5.first.keys "The authorized key is installed.")
claim(5.first.userdata-form "User data is strict Base64 with an interpreter line that this host can honour.")
claim(5.first.userdata-once "User data runs at most once per instance, and its end is told as what it was.")
claim(5.first.userdata-outlives "User data runs in a unit of its own that outlives the agent and inherits none of its sandbox.")
claim(5.store.durable-first "Operation, generation and token are durable, in one transaction, before the caller is answered.")
claim(5.store.outbox "Reports wait in the store in order, bounded, and what happens at the bound is as documented.")
claim(5.engine.read-back "An item is changed only if planning again finds nothing left to do for it.")
claim(5.engine.neighbours "A failure hides no other item.")

# --- 6. Links
claim(6.file "A document renamed into the watched directory is taken; reports appear beside it.")
claim(6.https-poll "The https link asks with the generation it has, waits, and takes 200, 304 and 404 for what they mean.")
claim(6.https-reports "Numbered reports are sent in order until the control plane says they are safe.")
claim(6.https-identity "Bearer token, CA, client certificate and proxy come from files and configuration.")
claim(6.https-retry "Several base URLs, jittered backoff and Retry-After are honoured.")
claim(6.https-plain-refused "http is for loopback only.")
claim(6.wrong-clock "A wrong clock at first boot is named as the cause.")
claim(6.garbage-changes-nothing "A document that does not arrive whole or does not parse changes nothing.")
claim(6.no-report-lost "No report is lost or reordered while the control plane is away.")
claim(6.protocol-written "The protocol is written down as OpenAPI, and the control plane of the tests keeps to it.")

# --- 7. Shown in a machine
claim(7.again-changes-nothing "The same order again changes nothing: no write to a disk, no netlink mutation.")
claim(7.reboot-keeps-all "After a reboot all is still there and user data has not run again.")
claim(7.foreign-disks "Disks with an ext4, LVM or old md signature are refused by name and are byte for byte what they were.")
claim(7.kill-at-each-boundary "Killed at any journal boundary, the daemon ends in the same state with at most one run of user data.")
claim(7.control-plane-away "The control plane dead for a minute in the middle loses no report.")
claim(7.aliases-answer "The alias addresses answer on the wire.")
claim(7.applied-twice "In every room, applying twice equals applying once.")
claim(7.bench "The benches measure value, floor and peer interleaved and state bar and verdict."
  arch.bench)

pending(
  2.demo-runs 2.demo-plain 2.demo-json 2.demo-catalogue 2.no-kernel-needed
  3.one-io-thread 3.config-checked 3.config-documented 3.socket-is-roots 3.socket-activation 3.http 3.log-fields
  3.sigterm 3.service-files 3.watchdog 3.service 3.cli-validate 3.cli-plan 3.cli-apply 3.cli-status 3.cli-exit-codes
  3.cli-completion 3.status-shape
  4.schema 4.all-errors-at-once 4.envelope 4.jdcloud-fields 4.jdcloud-limits 4.jdcloud-real-requests 4.catalogue
  4.system-array 4.client-token 4.token-other-content 4.sources 4.generations 4.absent-is-unmanaged
  4.instance-in-force 4.converging-and-once 4.batch-journal 4.all-or-nothing 4.named-before-made 4.wipe-consent
  4.aliases 4.secrets 4.rebuilt-store
  5.raid.levels 5.raid.member-choice 5.raid.unchanged 5.raid.refuses-not-blank 5.raid.absent-not-recreated
  5.raid.read-back 5.raid.mounted 5.raid.reboot 5.net.primary 5.net.aliases 5.net.persisted 5.net.reboot
  5.net.only-ours 5.first.hostname 5.first.password 5.first.keys 5.first.userdata-form 5.first.userdata-once
  5.first.userdata-outlives 5.store.durable-first 5.store.outbox 5.engine.read-back 5.engine.neighbours
  6.file 6.https-poll 6.https-reports 6.https-identity 6.https-retry 6.https-plain-refused 6.wrong-clock
  6.garbage-changes-nothing 6.no-report-lost 6.protocol-written
  7.again-changes-nothing 7.reboot-keeps-all 7.foreign-disks 7.kill-at-each-boundary 7.control-plane-away
  7.aliases-answer 7.applied-twice)
