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
claim(1.toolchain-traps "What g++ 12 gets wrong about coroutines and ranges cannot be written here unnoticed."
  arch.co_await_braces arch.capturing_coroutines arch.self_registering arch.range_temporaries arch.compiler_flags arch.rules_bite)
claim(1.io-not-in-headers "Asio, Beast and the whole of nlohmann/json stay out of headers."
  arch.headers arch.rules_bite)
claim(1.format "The tree is formatted as .clang-format says."
  arch.format)
claim(1.small-files "No source file is longer than 500 lines, and none promises what it does not do."
  arch.length arch.pragma_once arch.words arch.rules_bite)
claim(1.shell "The project's shell scripts pass shellcheck."
  arch.shell)
claim(1.claims-table "The table of claims is generated, current, and names only tests that exist."
  arch.claims arch.claims_bite)

# --- 2. Two commands
claim(2.demo-runs "The demo turns a blank machine and a createInstances request into a running instance, and exits 0 only then."
  vm.demo)
claim(2.demo-plain "Where its output is no terminal, the demo prints plain lines."
  vm.demo)
claim(2.demo-json "The demo writes the final status as JSON whatever the outcome."
  vm.demo)
claim(2.demo-catalogue "The demo's catalogue knows every RAID type id that an order may name."
  vm.demo)
claim(2.no-kernel-needed "No test asks for md, bonding or VLAN in the kernel of the machine that builds."
  arch.kernel_needs arch.no_md_here arch.rules_bite)

# --- 3. Daemon and command
claim(3.one-io-thread "A slow caller or a half-sent request keeps nobody else waiting at the admin socket."
  agent_api.HttpServer.ClosesAnIdleConnectionAndAStuckOne
  agent_api.HttpServer.TakesTheAnswerFromAnyThreadLater
  agent_api.HttpServer.AnswersOneConnectionTooManyWith503)
claim(3.config-checked "An unknown or impossible key of metalwright.toml is told with its line, all of them at once."
  agent_daemon.Config.AllThatIsWrongIsToldAtOnceWithItsLine agent_daemon.Config.BrokenTomlIsToldWithItsLine)
claim(3.errors-documented "Each error code stands in docs/errors.md with its status, its retry rule and what to do, and no message there is of the past."
  arch.errors arch.errors_bite)
claim(3.audit "Who asked for what, when and with which outcome is written down before it is answered, refusals and refused strangers too."
  agent_cli.audit_tells_who_asked_for_what
  agent_api.WrittenDown.WhoChangesTheHostStandsThereBeforeTheAnswerComes
  agent_api.WrittenDown.EveryRefusalStandsThereWithItsReason
  agent_api.WrittenDown.WhoReadsSecretsStandsThere
  agent_api.WrittenDown.AVendorsCallStandsThereWithTheKeyThatSignedIt
  agent_api.WrittenDown.AFloodOfStrangersLeavesRoomForRoot)
claim(3.audit-chain "A line of the audit that was changed, taken out or put in is found, also over the two files and over a restart."
  agent_cli.audit_tells_who_asked_for_what
  agent_audit.AuditTrail.ALineThatWasChangedIsNoticed
  agent_audit.AuditTrail.ALineThatWasTakenOutIsNoticed
  agent_audit.AuditTrail.ALineThatBecameRubbishIsNoticed
  agent_audit.AuditTrail.AnEndOfTheFormerFileThatWasCutOffIsNoticed
  agent_audit.AuditTrail.TheChainGoesOnOverTheNextFile)
claim(3.audit-secrets "No document, query, header or message of an error reaches the audit."
  agent_api.WrittenDown.NoSecretStandsThere
  agent_cli.audit_tells_who_asked_for_what)
claim(3.audit-full-disk "A full disk keeps nobody from an answer, and the next line of the audit says how many are missing."
  agent_audit.AuditTrail.AFullDiskIsToldByTheNextLineThatCanBeWritten
  agent_audit.AuditTrail.ALineThatWasCutOffIsToldAndTheChainGoesOn
  agent_api.WrittenDown.AFullDiskKeepsNobodyFromAnAnswer)
claim(3.support-bundle "A support bundle tells how the host stands and holds no password, hash, token, key, user data or output of it, in no form."
  agent_cli.a_support_bundle_holds_no_secret agent_cli.Redacted.SecretsAsTheyAreAndInBase64 agent_cli.Redacted.WhatIsSecretByItsForm
  agent_cli.Redacted.WhatIsSecretByItsName agent_cli.Redacted.WhatIsNoSecretStays)
claim(3.doctor "metalwright doctor says of a host what is wrong with it and what to do, without a daemon and without a write."
  agent_cli.doctor_says_what_is_wrong_on_a_real_host
  agent_daemon.Doctor.OfAHealthyHostEveryCheckSaysOk
  agent_daemon.Doctor.WhatIsWrongAlwaysComesWithWhatToDo
  agent_cli.DaemonFindings.OneThatDoesNotRunIsAProblemWithTheNextStep)
claim(3.doctor-not-root "What doctor could not look at for want of root is named, never left out."
  agent_daemon.Doctor.WhoIsNotRootIsToldWhatCouldNotBeLookedAt
  agent_daemon.Doctor.EveryFileThatMayNotBeReadIsSaidToBeUnchecked)
claim(3.doctor-writes-nothing "A store is looked at without its daemon's lock, with a daemon at work and after a crash, and stays byte for byte."
  agent_store.CheckupTest.ASoundStoreAtRestIsSoundAndStaysAsItIs
  agent_store.CheckupTest.OneWithADaemonAtWorkIsReadAsItIsNow
  agent_store.CheckupTest.WhatACrashLeftIsReadWithItsLog
  agent_store.CheckupTest.ADamagedPageIsFoundWhereverItIs)
claim(3.config-documented "Every key of the configuration stands in the man page."
  agent_cli.daemon_man_pages_know_every_option_and_key)
claim(3.socket-is-roots "The admin socket is root's, mode 0660."
  agent_api.ListenSocket.HasMode0660WhateverTheUmask
  agent_api.Routes.OnlyRootAndTheDaemonItselfMayChangeAnything)
claim(3.senders "A request is whose process wrote it: a connection that root has handed on is not root's, and one of two writers is nobody's."
  clients.handed_on
  agent_api.CallerOf.WhoConnectedAndSentHasAllItsGroups
  agent_api.CallerOf.AnotherProcessOfThatUserHasItsOwnGroupAlone
  agent_api.CallerOf.WhoGotItFromRootIsNotRoot
  agent_api.CallerOf.RootDoesNotLendItsNameToWhoConnected
  agent_api.CallerOf.SeveralSendersAreNobody
  agent_api.CallerOf.WhomTheKernelDoesNotNameIsNobody
  agent_api.SenderOfARequest.IsWhoWroteItNotWhoConnected
  agent_api.SenderOfARequest.ChangesFromOneRequestToTheNext
  agent_api.SenderOfARequest.IsNobodyWhereTwoHaveWrittenIt
  agent_api.SenderOfARequest.IsNobodyWhereOneBeganItAfterItsOwn
  agent_api.SenderOfARequest.CannotHandADescriptorToUs
  agent_api.WrittenDown.WhatIsNobodysIsRefusedAndStandsThereEvenIfItOnlyLooks)
claim(3.secrets-gone "Passwords, user data and its secrets are in no file, report, log, argument, environment or memory of ours after their use, and no core is written."
  netns.secrets)
claim(3.socket-activation "The admin socket may be handed over by systemd."
  agent_api.ListenSocket.AdoptsAListeningSocketAndLeavesItsFile
  sys.Notify.TakesTheSocketsThatWereHandedOverOnce)
claim(3.http "The admin API speaks HTTP/1.1 and JSON, and refuses what is too large or malformed."
  agent_api.HttpServer.AnswersByteForByte
  agent_api.HttpServer.KeepsTheConnectionAndAnswersPipelinedRequestsInOrder
  agent_api.HttpServer.TellsWhatIsNoHttp
  agent_api.HttpServer.RefusesALargeBodyAndTheCallerGetsToReadIt
  agent_api.HttpServer.RefusesALargeHeader
  agent_api.Routes.UnknownPathsAndMethods)
claim(3.log-fields "The log goes to the journal with structured fields, or to stderr, at the configured level."
  vm.again)
claim(3.sigterm "SIGTERM finishes or parks the step in hand within five seconds and exits 0."
  vm.again agent_engine.EngineTest.StoppingParksWhatIsInHandAndTheNextStartFinishesIt)
claim(3.service-files "The units pass systemd-analyze verify."
  systemd.units)
claim(3.watchdog "The watchdog is fed only while the daemon is alive in fact."
  vm.again)
claim(3.service "The agent runs as the sandboxed systemd service that is shipped, and does its work there."
  vm.again vm.create_instance)
claim(3.cli-validate "validate needs no daemon, and without a catalogue checks opaque ids for form only."
  agent_cli.Validate.AGoodDocumentIsSaidToBeGood
  agent_cli.Validate.EveryErrorIsToldWithItsPointer
  agent_cli.Validate.ACatalogueThatIsWrongIsNamed
  agent_cli.Validate.TheProjectsExamplesAreValid
  agent_spec.JdCloud.WithoutACatalogueIdsAreCheckedForFormOnly)
claim(3.cli-plan "plan says in words what would be done to which disk, by serial, and changes nothing."
  agent_cli.Cli.PlanSaysInWordsWhatWouldBeDoneAndMarksWhatDestroysData
  agent_cli.Cli.APlanWithNothingToDoSaysSo
  agent_engine.EngineTest.APlanTellsTheStepsAndChangesNothing)
claim(3.cli-apply "apply hands the document over, and with --wait follows it to its end."
  agent_cli.Cli.ApplyHandsOverTheBytesOfTheDocumentAndNamesTheOperation
  agent_cli.Cli.ApplyAndWaitTellsEachStepAndThenTheReport
  agent_cli.Cli.WaitingSurvivesARestartOfTheDaemon)
claim(3.cli-status "status, operations and inventory are tables for people and JSON for programs."
  agent_cli.Cli.StatusOfARunningHost
  agent_cli.Cli.StatusAsJsonIsTheDaemonsFieldByField
  agent_cli.Cli.OperationsAreListedNewestFirstAsTheyCome
  agent_cli.Cli.FollowingTheNewestOperationAsJsonIsOneEventALine
  agent_cli.Cli.InventoryShowsWhatStandsOnEachDisk)
claim(3.cli-exit-codes "The exit status tells done, failed, wrong document, no daemon and waited too long apart."
  agent_cli.Cli.ApplyAndWaitEndsWithOneWhenAnItemFailed
  agent_cli.Cli.ADocumentThatIsWrongEndsWithTwoAndTellsEveryError
  agent_cli.Cli.ADaemonThatStaysAwayEndsTheWaitWithThreeOrWithTheTimeout
  agent_cli.Cli.StatusThatWaitedTooLongShowsWhatIsKnownAndEndsWithFour
  agent_cli.Cli.HelpHasExamplesAndExitCodes)
claim(3.cli-completion "Completion and man pages know every option of the command."
  agent_cli.completion_and_man_page_know_every_option)
claim(3.status-shape "The status document has the published members, and one state of a closed set."
  agent_engine.EngineTest.ABlankHostIsIdle
  agent_engine.EngineTest.AnOrderIsAppliedAndEveryItemReported
  agent_spec.Schema.TheReportsWordsAreTheHousesWords)

# --- 4. The spec
claim(4.schema "The published JSON Schema and the reader agree, document by document."
  agent_spec.Schema.RefusesTheFormsThatTheReaderRefuses
  agent_spec.Schema.TakesWhatTheReaderTakes
  agent_spec.Schema.AgreesAboutEveryTypeInEveryPlace
  agent_spec.Schema.TheReaderRefusesNoPlainFormThatTheSchemaTakes
  agent_spec.Schema.ExamplesAreValid)
claim(4.all-errors-at-once "Every error of a document is told in one answer, each with its JSON pointer."
  agent_spec.Native.AllErrorsAtOnceInTheDocumentsOrder
  agent_spec.Native.WhatIsWrongIsToldWhereItIs
  agent_spec.JdCloud.ManyFaultsAreToldAtOnce
  agent_spec.Document.EnvelopeAndRequestAreWrongAtOnce
  agent_api.Routes.EveryErrorOfADocumentIsTold)
claim(4.envelope "A vendor's request in an envelope is read as what its customer ordered."
  agent_spec.Document.AnEnvelopeHoldsWhatTheRequestDoesNot
  agent_spec.Document.AnEnvelopeNeedsOnlyItsRequest
  agent_spec.Document.WhatIsWrongWithAnEnvelope
  agent_spec.Document.ABareRequestIsToldHowToWrapIt)
claim(4.jdcloud-fields "Each field of createInstances does what it should on the host, or is checked and kept."
  agent_spec.JdCloud.AnOrderBecomesASpec
  agent_spec.JdCloud.TheRequestsOwnFields
  agent_spec.JdCloud.TheDefaultHostNameIsMadeOfTheAddress
  agent_spec.JdCloud.WhereThePrefixLengthComesFrom
  agent_spec.JdCloud.KeptButSaidToBe)
claim(4.jdcloud-limits "The vendor's limits and formats are enforced."
  agent_spec.JdCloud.WhatIsWrongIsToldWhereItIs
  agent_spec.JdCloud.WhatIsRight
  cloudinit.Hostname.FollowsTheVendorsForm
  cloudinit.Password.RefusesWrongLengths
  cloudinit.Password.WantsThreeOfFourClasses
  cloudinit.Password.RefusesRunsInBothDirections
  cloudinit.UserDataLimits.AreTheHostsOwn)
claim(4.jdcloud-real-requests "The nulls that the vendor's SDKs send are absence, an empty list is a wish, an unknown field is noted."
  agent_spec.JdCloud.ExplicitNullsAreAbsence
  agent_spec.JdCloud.UnknownFieldsAreLeftAsideWithANote
  agent_spec.JdCloud.NoAliasesIsNotTheSameAsAnEmptyList)
claim(4.catalogue "Opaque ids become levels, member rules, file systems and keys through a catalogue, which is itself checked."
  agent_spec.Catalogue.EveryEntryArrives
  agent_spec.Catalogue.WhatIsWrongIsToldWhereItIs
  agent_spec.Catalogue.WhatIsRightIsRead)
claim(4.system-array "The system array is compared and reported, never touched."
  raid.SystemVolume.IsComparedAndReported
  raid.SystemVolume.OnAPlainDiskMatchesOnlyPlain
  raid.ExistingArray.TheSystemArrayIsNeverADataArray)
claim(4.client-token "A repeated clientToken gets the first request's result, also after a restart."
  agent_engine.Acceptance.AKnownTokenAnswersTheFirstResult
  agent_engine.EngineTest.ATokenAnswersTheFirstResultAlsoAfterARestart
  agent_store.StoreTest.ATokenIsAcceptedOnce)
claim(4.token-other-content "A token with other content is a conflict, or the first answer again where the vendor promises that."
  agent_engine.Acceptance.AKnownTokenAnswersTheFirstResult)
claim(4.sources "Each source has its own generation and replaces only its own document; contradiction is told, not guessed."
  agent_engine.Acceptance.EachSourceHasItsOwnGenerations
  agent_spec.Desired.SourcesAddUp
  agent_spec.Desired.ContradictionsAreToldWithBothSources
  agent_spec.Desired.AllContradictionsAtOnce)
claim(4.generations "An older generation is refused; the same one with other content is a conflict."
  agent_engine.Acceptance.AnOlderGenerationIsRefused
  agent_engine.Acceptance.TheSameGenerationWithOtherContentIsAConflict
  agent_engine.Acceptance.TheSameGenerationAndContentIsTheFirstAnswerAgain)
claim(4.absent-is-unmanaged "What a document leaves out is left alone; only an explicit empty value removes, and only ours."
  agent_spec.Native.AbsentAndNullAreUnmanagedAndOnlyAnEmptyListIsAWish
  netcfg.PlanAliases.AbsentMeansUnmanaged
  netcfg.PlanAliases.EmptyRemovesOursAndNothingElse
  raid.Arrays.AbsentMeansUnmanaged
  raid.Arrays.AnEmptyListRemovesNothing
  cloudinit.Once.WhatIsNotOrderedIsNotTouched)
claim(4.instance-in-force "While an instance is in force a document of another one is refused; a release frees the host."
  agent_engine.Acceptance.AnotherInstanceIsRefusedWhileOneIsInForce
  agent_engine.Acceptance.OnlyAReleaseThatNamesTheCurrentInstanceFreesTheHost
  agent_engine.EngineTest.AnotherInstanceIsRefusedUntilThisOneIsReleased
  agent_store.StoreTest.AFinishedReleaseFreesTheHostButKeepsTheGeneration)
claim(4.converging-and-once "Arrays and addresses are kept true; name, password, keys and script are done once per instance."
  agent_engine.EngineTest.AStartPutsBackAddressesButNeverWritesToADisk
  agent_engine.EngineTest.WhatIsDoneOncePerInstanceIsTheTenantsAfterwards
  cloudinit.Once.WhatIsDoneIsTheTenantsOwnFromThenOn)
claim(4.batch-journal "The journal has the intent before a batch and its outcomes, with the report, in one commit after it."
  core.RunPlan.StepsThatDestroyNothingShareACommitAndOthersCommitAlone
  core.RunPlan.NothingIsDoneThatTheJournalDidNotTake
  agent_store.StoreTest.OutcomesAndTheirReportAreOneCommit)
claim(4.all-or-nothing "A group of steps with inverses happens as a whole or is rolled back, also after a crash."
  core.RunPlan.AGroupThatComesTrueIsOneIntentAndOneOutcome
  core.RunPlan.AGroupThatFailsIsTakenBackInReverseAndNothingThatNeedsItIsDone
  core.RunPlan.AGroupWithAnItemThatHasFailedIsNotTried
  core.RunPlan.WhatCannotBeTakenBackIsSaid
  agent_engine.EngineTest.AGroupThatACrashCutOffIsTakenBackInReverseBeforeAnythingIsPlanned
  netcfg.Guard.AHalfDoneGroupIsTakenBackFromItsJournal
  netns.Guarded.AGatewayThatAnswersTakesOver
  netns.Guarded.ASilentGatewayIsTakenBack
  vm.fail_points)
claim(4.named-before-made "UUIDs are drawn and journaled before create, so half-made work is finished, not refused."
  agent_engine.EngineTest.AnArrayIsNamedBeforeItIsMade
  raid.Begun.WithSomeSuperblocksIsMadeAnewUnderTheSameUuid
  raid.Begun.WithEverySuperblockAndNoArrayIsAssembled
  raid.Apply.CutOffInTheMiddleOfTheCreationIsFinishedNextTime)
claim(4.wipe-consent "Consent to wipe names disk and content, belongs to one operation and is used up before the first write."
  vm.refused_disks)
claim(4.aliases "An alias with host bits is one address; a range that would answer for neighbours is refused."
  netcfg.PlanAliases.EachFormBecomesItsKernelObject
  netcfg.Prefix.KnowsItsHostBits
  netcfg.PlanAliases.RefusesARangeThatIsNotOurs
  netcfg.PlanAliases.ARangeOverAnAliasesSubnetIsRefused)
claim(4.secrets "Passwords, tokens and user data reach no log, report or error, and passwords are kept hashed only."
  agent_engine.EngineTest.NoSecretReachesReportEventOrStore
  agent_spec.Native.SecretsAreNeverQuoted
  agent_spec.JdCloud.SecretsAreNeverQuoted
  agent_spec.JsonText.ASyntaxErrorNeverQuotesTheText
  agent_spec.StoreForm.ThePlainPasswordIsNotInIt
  cloudinit.Password.AnErrorHoldsNoPartOfThePassword
  cloudinit.UserDataLimits.IsNeverQuoted
  cloudinit.Once.PlanTellsInWordsWithoutSecrets
  agent_link.Token.NeverAppearsInAnError
  agent_cli.Validate.TheDocumentsSecretsAreNotRepeated)
claim(4.rebuilt-store "With a rebuilt store, user data that has left a mark is never run."
  agent_engine.EngineTest.ARebuiltStoreNeverRunsAScriptAgain)
claim(4.destructive-lock "With a rebuilt or restored store, destructive steps stay locked until they are armed again."
  agent_engine.LockTest.AFreshHostIsNotLockedAndStaysSoThroughRestarts
  agent_engine.LockTest.AStoreMadeAnewDestroysNothingAndKeepsAddresses
  agent_engine.LockTest.AnOlderCopyOfTheSameStoreIsLocked
  agent_engine.LockTest.ACopyFromBeforeAnArrayWasCompleteIsLocked
  agent_engine.LockTest.WhatAnOlderCopyLeftUnfinishedIsNotFinished
  agent_engine.LockTest.AStoreFromElsewhereIsLockedWithOurMarkAndWithout
  agent_engine.LockTest.ANewStoreOnAHostThatHasRunUserDataIsLocked
  agent_engine.LockTest.UserDataIsNotStartedWhileLockedAndIsTold
  agent_engine.LockTest.TheLockOutlastsRestartsAndIsReportedOnce
  agent_engine.LockTest.ArmingUnlocksOnceAndForAll
  agent_engine.LockTest.NoStepIsBegunThatTheMarkDoesNotKnowOf
  agent_store.HostMark.AStoreThatDoesNotFitItIsDoubted
  agent_cli.Cli.ArmSaysWhatItUnlocksAndWhatToDoNext
  agent_cli.Cli.StatusOfALockedHostSaysWhyAndWhatToDo)

# --- 5. What is applied
claim(5.raid.levels "mdadm arrays of levels 0, 1, 5, 6 and 10 are planned with the flags that are right for each."
  raid.CreateArgs.NameEverythingMdadmMightAskFor
  raid.CreateArgs.Raid0HasNoBitmapAndRaid1NoChunk
  raid.Arrays.OddRaid10AndChunksAreFine
  raid.Arrays.ImpossibleWishesAreInvalid)
claim(5.raid.member-choice "Members are chosen by the catalogue's rule and named by serial or WWN, never by device name."
  raid.NewArray.IsMadeOfTheFirstBlankDisksBySizeThenSerial
  raid.NewArray.TheOrderInWhichTheKernelNamesDisksChangesNothing
  raid.NewArray.IdsAreTakenInTheirOrderBySerialOrWwn
  raid.NewArray.ADeviceNameIsNoId
  raid.Apply.ADiskIsFoundByItsSerialWhateverItIsCalledNow)
claim(5.raid.unchanged "An array that is already as wanted is unchanged."
  raid.ExistingArray.ThatMatchesIsUnchanged
  raid.Filesystem.OursIsUnchanged)
claim(5.raid.refuses-not-blank "A disk that is not provably blank is refused with what was found on it."
  raid.Each/NotBlank.IsRefusedByNameWithWhatWasFound/Ext4
  raid.Each/NotBlank.IsRefusedByNameWithWhatWasFound/LvmUnderGpt
  raid.Each/NotBlank.IsRefusedByNameWithWhatWasFound/OldMember
  raid.Each/NotBlank.IsRefusedByNameWithWhatWasFound/Held
  raid.Each/NotBlank.IsRefusedByNameWithWhatWasFound/Mounted
  raid.Each/NotBlank.IsRefusedByNameWithWhatWasFound/SwappedOn
  raid.Each/NotBlank.IsRefusedByNameWithWhatWasFound/Unreadable
  raid.NoPlan.EverWritesToADiskThatIsNotFree
  raid.Apply.ADiskThatWasWrittenToSinceThePlanIsRefused
  raid.Observe.WhatCannotBeReadIsNotBlank
  sys.Signatures.EverySignatureIsTold
  sys.SignaturesOfNothing.WhatCannotBeReadIsAnErrorAndNotBlank)
claim(5.raid.selection "Members are chosen by count, size, media, rotation, controller, model and order of size; the plan says why, an error which rule left too few."
  raid.Selection.OnlyWhatIsBehindAControllerIsTakenWhereOneIsNamed
  raid.Selection.NvmeIsWhatIsBehindNvmeAndSsdWhateverDoesNotTurn
  raid.Selection.RotationalIsWhatTheKernelSays
  raid.Selection.TheLargestComeFirstWhereTheOrderSaysSo
  raid.Selection.OneModelIsThatOfTheFirstDiskThatHasEnoughOfItsKind
  raid.Selection.EveryDiskOfOneModelIsNotSilentlyFewer
  raid.Selection.TheFirstRuleThatLeftTooFewIsNamed
  raid.Selection.ThePlanSaysWhyTheseDisks
  raid.NewArray.MediaAndSizeAreObeyed
  raid.NewArray.TheOrderInWhichTheKernelNamesDisksChangesNothing)
claim(5.raid.geometry "Chunk, layout, size, metadata, bitmap, partial parity log and journal become what the spec says."
  raid.Geometry.LayoutChunkSizeAndMetadataAreGivenToMdadm
  raid.Geometry.EachConsistencyPolicyIsOneFlag
  raid.Geometry.WhatNoLevelCanHaveIsInvalid
  raid.Layouts.TheKernelsNumbersAndMdadmsWordsAreTheSame
  raid.Selection.AJournalIsNamedAndNeverChosenAsAMember
  vm.raid_levels)
claim(5.raid.every-level "All five levels are made, are there after a reboot with their data, and are unchanged when ordered again."
  vm.raid_levels)
claim(5.raid.partitions "Arrays stand on partitions that are named by PARTUUID and blank; partition tables are never written."
  raid.Partitions.AreTakenByPartuuidWhenTheyAreBlank
  raid.Partitions.AreNeverChosenByRule
  raid.Partitions.ThatHoldSomethingAreRefusedAndTheirNeighboursAreNot
  raid.Partitions.OnADiskOfTheSystemAreNeverTaken
  raid.Partitions.AndTheirDiskAreNotTakenByTwoArrays
  raid.Partitions.OfOneDiskMayBeOfTwoArrays
  raid.Partitions.OfAnArrayThatRunsAreUnchanged
  vm.raid_levels)
claim(5.raid.differences "An array that differs or is degraded is told in words and left alone; one that is being built is not broken."
  raid.Running.AsItIsWantedInEveryPointIsUnchanged
  raid.Running.EveryDifferenceIsToldAndNothingIsReshaped
  raid.Running.WhatTheOrderLeavesOpenIsNoDifference
  raid.Running.AnotherJournalIsADifferenceAndItsOwnIsNoStrangeMember
  raid.Running.BuildingTellsHowFarAndHowLong)
claim(5.raid.both-ends "Signatures are looked for at both ends of a disk, by libblkid and by their magics alone."
  sys.EndMarks.EachIsFoundWhereItsOwnerKeepsIt
  sys.EndMarks.TheSameBytesElsewhereAreDataOfSomebody
  sys.EndMarks.WhatCannotBeReadIsAnError
  sys.Signatures.WhatLibblkidMissesIsFoundAtTheEnd
  vm.raid_wipe)
claim(5.raid.held-not-written "Nothing is written to a device that the kernel does not give out exclusively."
  raid.WipeTest.ADiskThatTheKernelSaysIsHeldIsNotWrittenTo)
claim(5.raid.wipe-order "What stands on disks that are given up is taken down first, the topmost first, and each step is read again."
  raid.Stack.IsTakenDownTheTopmostFirstThenTheDisksAreWiped
  raid.Stack.WithoutConsentForEveryDiskItStandsOnNothingIsTouched
  raid.Stack.InUseIsRefusedWhateverConsentThereIs
  raid.Stack.WhatNobodyKnowsOrNoToolOfOursStopsIsRefused
  raid.Stack.ThatReachesTheSystemsDisksIsRefused
  raid.WipeTest.AnArrayIsWipedAndStoppedBeforeItsMembersAre
  raid.WipeTest.AVolumeOnAnArrayGoesBeforeTheArray
  raid.WipeTest.AnArrayThatHasBeenMountedSinceThePlanIsRefused
  raid.WipeTest.WhatNoToolTakesAwayGoesWithTheEnds
  raid.Apply.ADiskThatIsNotBlankAfterWipingIsAnError
  vm.raid_wipe)
claim(5.raid.release "A release takes down the arrays that metalwright made only when it asks for it, and no others."
  agent_engine.EngineTest.AReleaseLeavesTheArraysUnlessItAsksForThem
  agent_engine.EngineTest.AReleaseThatAsksForItRemovesOurArraysAndForgetsThem
  agent_engine.EngineTest.AReleaseThatCouldNotRemoveAnArrayRemembersItAndMayBeAskedAgain
  raid.RemovalTest.TakesMountArrayAndSuperblocksAwayInThisOrder
  raid.RemovalTest.TwiceEqualsOnce
  raid.RemovalTest.CutOffAtAnyStepIsFinishedNextTime
  raid.RemovalTest.AnotherArrayOfThatNameIsNotOurs
  raid.RemovalTest.AMountThatIsNotOursStopsIt
  vm.raid_levels)
claim(5.raid.busy "A tool that finds a device busy is tried again for seconds; a failure names the array and the tool's last words."
  raid.WipeTest.AStopThatIsBusyForAWhileIsTriedAgain
  raid.WipeTest.AStopThatStaysBusyNamesTheArrayAndMdadmsLastWords
  raid.WipeTest.AToolThatHangsIsToldWithTheArray)
claim(5.raid.watch "An array that degrades, fails or is whole again is an event and a report at the next look, every five seconds, and stands in the status."
  raid.Turns.AMemberThatFailsIsTold
  raid.Turns.AReplacementIsToldAndThatItIsDone
  raid.Turns.ASpareThatFailsIsToldThoughTheArrayIsWhole
  raid.Turns.TooManyLostIsFailedAndStoppedIsGone
  raid.Glance.RunsNoProgramAndReadsNoDisk
  agent_engine.WatchTest.AnArrayThatDegradesIsAnEventAReportAndStandsInTheStatus
  agent_cli.Cli.AStatusNamesArraysThatAreNotInOrder
  vm.raid_levels)
claim(5.raid.progress "A resync is told with percent and ETA, as events and in the status, while the host is usable."
  raid.Mdstat.TellsPercentAndWaiting
  agent_engine.WatchTest.ARebuildIsToldInStepsWithItsEta
  vm.raid_levels)
claim(5.raid.initialization "How far a controller is with a volume's initialization is told, and no file system is made before its end."
  raid.Initialization.IsAskedForOnceWhereThereIsOneAndTold
  raid.Initialization.AToolThatDoesNotSayHowLongIsNoFaultOfTheController
  raid.AwaitInit.EndsWithItAndTellsHowFarItIs
  raid.PlanInitialization.AFileSystemWaitsForItsEnd
  agent_engine.WatchTest.AnInitializationIsToldInStepsUntilItIsDoneAndStandsInTheStatus
  vm.hardware_raid)
claim(5.raid.replace "A member is replaced by one command: out, in, rebuild; refused while the array needs it."
  raid.Replace.AWorkingMemberLeavesAndTheSmallestFittingDiskComes
  raid.Replace.AFaultyOneIsRemovedAndOneThatIsGoneHasLeftAlready
  raid.Replace.WhatTheArrayNeedsStaysInIt
  raid.Replace.NothingIsTakenThatIsNotBlankOrOfAnotherKind
  raid.Replace.WhatIsNoMemberOfOursIsToldAsSuch
  raid.Replace.AnOrderThatNamesTheOldDiskIsContentWithTheNewOne
  raid.ReplaceOnAMachine.IsDoneWithTheseVeryCommandsAndDoneOnlyOnce
  agent_engine.EngineTest.AReplacementIsOneOperationsAndWhatTakesThePlaceIsRemembered
  agent_cli.Cli.ADiskIsReplacedByASerialAndAnotherMayBeNamed
  vm.raid_levels)
claim(5.raid.absent-not-recreated "An array that once existed and is gone is reported, not made anew."
  raid.Complete.AndAbsentIsReportedAndNeverMadeAnew
  raid.Complete.IsNeverMadeAnewWhateverConsentThereIs)
claim(5.raid.read-back "What was made is read back from the kernel and from mdadm before it is called changed."
  agent_engine.EngineTest.ChangedIsSaidOnlyWhenTheReadBackShowsIt vm.create_instance)
claim(5.raid.mounted "File systems are made once, named by UUID, and mounted by systemd."
  vm.create_instance)
claim(5.raid.reboot "Arrays, file systems and mounts are there after a reboot."
  vm.create_instance)
claim(5.net.primary "Primary address, gateway, DNS, MTU and routes become what the document says."
  netcfg.PlanPrimary.SetsUpABareNic
  netcfg.PlanPrimary.AGatewayMustBeOnLinkAndAHost
  netcfg.PlanPrimary.BadStaticRoutesAreToldOneByOne
  netcfg.PlanPrimary.TheMtuHasBounds
  netcfg.Dns.ARegularResolvConfGetsOurServersAndKeepsItsOtherLines
  netns.Netns.APlainHostIsBroughtUpAndTheSecondTimeNothingIsSent
  netns.Netns.ANewGatewayIsExchangedWithoutAGap
  netns.Netns.APrimaryInAnotherSubnetTakesItsRouteAlong)
claim(5.net.aliases "Every alias is applied in a batch and has its own result with the kernel's own text."
  netns.Netns.AThousandAddressesEachWithItsResult
  netns.Netns.TheKernelsOwnWordsComeWithTheItemTheyBelongTo
  netns.Netns.AFullBatchLosesNoAck
  netcfg.PlanAliases.OneBadItemSpoilsNoOther)
claim(5.net.persisted "What is needed to reach the control plane at boot is written in the distribution's own way."
  netcfg.Persist.NetworkdTextIsExact
  netcfg.Persist.IfupdownTextIsExact
  netcfg.Room.FindsWhoSetsNicsUpAtBoot)
claim(5.net.reboot "Addresses are there again after a reboot."
  vm.create_instance vm.again)
claim(5.net.only-ours "Only addresses, routes and rules that metalwright made are ever removed."
  netns.Netns.WhatIsNoLongerWantedGoesAndWhatIsForeignStays
  netcfg.PlanAliases.EmptyRemovesOursAndNothingElse
  netcfg.PlanAliases.WhatSomebodyElseSetIsUnchangedAndNeverRemoved
  netcfg.PlanPrimary.StaleRoutesOfOursGoAndForeignOnesStay
  netcfg.AnyState.ConvergesLeavesForeignAloneAndIsIdempotent)
claim(5.net.bandwidth "The ordered bandwidth is shaped on the WAN NIC, changed in place without an unshaped moment, and removed by 0 or a release."
  netns.ShapingInTheKernel.IsSetAndReadBackAsItself netns.ShapingInTheKernel.EveryRateIsReadBackAsItself
  netns.ShapingInTheKernel.IsChangedInPlaceWithoutAMomentUnshaped netns.ShapingInTheKernel.LimitsWhatGoesOut
  netns.ShapingInTheKernel.ZeroRemovesItAndAddressesStay agent_engine.BandwidthTest.AReleaseTakesItBack
  netcfg.Bucket.IsSizedForItsRate agent_spec.JdCloud.BandwidthIsShapedWhateverEnableInternetSays)
claim(5.net.bandwidth-ingress "Where it is configured, what comes in is shaped through an ifb."
  netns.ShapingInTheKernel.WhatComesInIsLimitedAndStillComesIn
  netns.ShapingInTheKernel.NoIngressWantedLeavesNothingOfOursBehind
  agent_engine.BandwidthTest.TheHostSaysWhichNicAndWhetherWhatComesInIsShaped)
claim(5.net.bandwidth-only-ours "A qdisc or filter that somebody else has set is never changed or removed; the item says so."
  netns.ShapingInTheKernel.AnothersRootQdiscIsUntouched
  netns.ShapingInTheKernel.AnothersFiltersOnWhatComesInAreUntouched
  netns.ShapingInTheKernel.ALaterFilterOfAnothersOutlivesOurs)
claim(5.net.kinds "Secondary and elastic addresses are limited, placed, reported and removed each by itself."
  netcfg.PlanKinds.EachKindHasItsLineAndItsPlace netcfg.PlanKinds.OneKindIsRemovedWithoutTheOther
  netcfg.PlanKinds.EachKindHasItsOwnLimit netcfg.PlanKinds.AnElasticAddressGoesFromTheWanNicAlone
  netcfg.PlanKinds.ASecondaryAddressIsOfTheNicsNetworkOrOfAPool
  netns.Nics.EachKindIsWhereItBelongsAndGoesByItself netns.Nics.AnElasticAddressAnswersOnTheWanNicBesideWhatIsThere)
claim(5.net.leases "Addresses by number come from the pools of this host, survive a restart, and are never handed out twice."
  agent_spec.Leases.WhatIsSomebodysIsNeverGiven agent_spec.Leases.ThoseThatItHasStayAndTheLastGoFirst
  agent_spec.Leases.TooFewAreToldForEachFamily agent_spec.Leases.TheyComeBackFromTheStoreAndAreSecondaryAddresses
  agent_engine.AddressesTest.AddressesByNumberSurviveARestartAndAreGivenOnce)
claim(5.net.several-nics "Several NICs in one order: any state and any order converge, foreign things untouched, the second time nothing is sent."
  netcfg.AnyNics.ConvergeLeaveForeignAloneAndAreIdempotent netcfg.AnyNics.TheStoreStandsInForAKernelWithoutMarks
  netcfg.PlanNics.OneAddressIsOnOneNicOnly netcfg.PlanNics.ANicThatIsNoLongerWantedIsClearedOfOurs
  netns.Nics.TwoNicsOfOneOrder agent_spec.JdCloud.TheSecondNicIsAnotherNicOfTheHost)
claim(5.net.on-request "Only on request: a foreign address becomes ours, an IPv6 address is asked for before it is used, and may be preferred."
  netns.Nics.AForeignAddressIsAdoptedOnRequestAndThenOurs
  netns.Nics.AnAddressThatAnotherHostHasFailsWhereTheSpecAsksForTheQuestion
  netcfg.PlanKinds.AnIpv6AddressIsPreferredOnlyWhereTheSpecSaysSo)
claim(5.net.neighbours "Addresses and routes survive systemd-networkd and NetworkManager on the same NIC, and theirs survive us."
  vm.neighbours
  netcfg.Neighbours.WithoutTheConfigurationNothingIsWrittenOrSaid
  netcfg.Neighbours.NetworkdIsToldInFilesBesideItsOwnAndReadsThemAgain
  netcfg.Neighbours.NetworkManagerKeepsANicOfItsOwnThroughAPulledCable
  netcfg.Neighbours.WhatTheConfigurationNoLongerAsksForIsTakenAwayAndNothingElse
  netcfg.Wait.AliasesOnANicThatHasJustLostItsOwnAddressWait
  agent_engine.Deserted.WithoutACableForAsLongAsItIsOut)
claim(5.first.renew "A copy of an image gets a machine-id and keys of sshd of its own, once for an instance."
  cloudinit.Renewal.ACopyOfAnImageGetsItsOwnIdentity
  cloudinit.Renewal.WhatIsDoneOnceIsDoneOnce
  vm.identity)
claim(5.first.drawn-password "A password that the host draws is told once, encrypted to the control plane's key, and set."
  agent_spec.Sealing.OnlyTheOtherHalfOpensIt
  agent_engine.EngineTest.ADrawnPasswordIsToldOnceAndEncrypted
  agent_engine.EngineTest.AnOutboxAtItsBoundKeepsADrawnPassword
  cloudinit.RandomPassword.KeepsTheRulesAndIsEachTimeAnother
  vm.identity)
claim(5.first.deeds "A reset of the password and a reinstall are operations of their own, done once, and by no re-apply."
  agent_engine.EngineTest.AResetSetsThePasswordAnewAndLeavesTheOrderInForce
  agent_engine.EngineTest.AReinstallDoesOnceMoreWhatIsDoneOnce
  agent_engine.EngineTest.AReinstallWaitsUntilNothingIsUnderWay
  agent_engine.Acceptance.AResetIsOfTheInstanceInForceAndLeavesItsOrder
  agent_spec.Document.AReinstallNeedsATokenSoThatItIsNotDoneTwice
  agent_vendor.VendorTest.JdcloudReinstallsWithWhatTheInstanceHas
  vm.identity clients.sdks)
claim(5.first.clean "An image, or a host, forgets which host it was, and nothing leads out of the image."
  agent_daemon.Clean.AnImageForgetsWhichHostItWas
  agent_daemon.Clean.NoLinkLeadsOutOfTheImage
  agent_daemon.Clean.AHostWhoseDaemonIsAtWorkIsLeftAlone
  vm.identity)
claim(5.first.hostname "The host name is set now and for later boots."
  cloudinit.Once.AnOrderBecomesSoAndIsReadBackAsSo
  cloudinit.Once.AHostNamedInTheFileOnlyIsNamedInTheKernelToo
  cloudinit.Hosts.RewritesTheOwnLineAndKeepsTheRest)
claim(5.first.password "The root password is set as a yescrypt hash."
  cloudinit.Password.HashesWithYescryptAndASaltOfItsOwn
  cloudinit.Shadow.ReplacesRootsHashAndDayAlone
  cloudinit.Once.ShadowKeepsItsModeAndGroupAndIsWrittenUnderTheLock)
claim(5.first.keys "The authorized key is installed."
  cloudinit.AuthorizedKeys.AppendsWhatIsMissingAndRemovesNothing
  cloudinit.Once.KeysAreRootsAlone)
claim(5.first.userdata-form "User data is strict Base64 of something that this host can run, and refused when it is ordered where it is not."
  cloudinit.Base64.RefusesALineBreakAndSaysHowToEncode
  cloudinit.Base64.RefusesBitsLeftOver
  cloudinit.Shebang.IsReadAsTheKernelWould
  cloudinit.UserDataLimits.AreTheHostsOwn
  cloudinit.Interpreter.PythonIsPython3WhereOnlyThatExists
  agent_engine.EngineTest.UserDataThatThisHostCannotRunIsRefusedWhenItIsOrdered
  vm.user_data
  runner.Runner.PythonWorksWhereOnlyPython3Is)
claim(5.first.userdata-once "User data runs at most once per instance, and its end is told as what it was."
  cloudinit.UserData.StartedIsDurableBeforeTheUnitIs
  cloudinit.UserData.IsNeverStartedTwice
  cloudinit.UserData.StartedWithNeitherProcessNorResultIsInterrupted
  cloudinit.UserData.AStartThatMayHaveHappenedIsNotTriedAgain
  runner.Runner.ASecondRunIsRefusedWhateverBecameOfTheFirst
  runner.Runner.OfManyAtOnceOneRuns
  runner.Runner.TellsTheScriptsExitCode
  runner.Runner.TellsTheSignalThatKilledTheScript
  agent_engine.EngineTest.AScriptThatRanBeforeARestartNeverRunsAgain
  agent_engine.EngineTest.AStartWithoutAnyEvidenceIsInterruptedAndNotRepeated)
claim(5.first.userdata-ends "However user data ends, and whoever dies meanwhile, its end is told, with the end of its output."
  runner.Runner.TheEndOfItsOutputIsKeptThoughItRemovesItsLog
  agent_engine.EngineTest.TheReportHoldsTheEndOfTheOutputAndHowOftenItWasTried
  vm.user_data)
claim(5.first.userdata-again "A script that fails is tried again, and one that was cut off begun again, as often as the order says and no more."
  runner.Runner.IsTriedAgainUntilItExitsWithZero
  runner.Runner.ThatNeverSucceedsIsTriedAsOftenAsOrderedAndNotMore
  agent_engine.EngineTest.AnInterruptedRunIsBegunAgainWhereTheOrderSaysSoAndNotForEver
  agent_engine.EngineTest.MarksOfARunThatTheStoreDoesNotKnowAreNeverCleared
  vm.user_data)
claim(5.first.userdata-output "What user data puts out is followed live, streamed in bounded pieces, and holds no secret of the order."
  runner.Mask.FindsSecretsWhereverTheTextIsCut
  runner.Runner.SecretsAreMaskedInAllItPutsOutAlsoFromTheBackground
  agent_engine.EngineTest.OutputIsStreamedWholeInBoundedPiecesWhereTheOrderSaysSo
  agent_engine.EngineTest.WhatIsSecretInAnOrderIsForgottenWithTheRun
  agent_api.Routes.WhatUserDataHasPutOutIsRootsToRead
  agent_cli.Cli.TheOutputOfUserDataIsFollowedUntilItEndsAndEndsLikeIt
  vm.user_data)
claim(5.first.cloud-init "What only cloud-init reads is run by the host's cloud-init, once, and the two do not fight."
  cloudinit.Once.CloudInitLeavesTheNameAloneUntilTheInstanceLeaves
  vm.cloud_init)
claim(5.first.leaves "Who leaves is let in no more: keys and password of the instance go with it, and what its script has left."
  cloudinit.Once.WhoLeavesIsLetInNoMore
  cloudinit.Once.WhatWasNotOrderedIsNotTakenBack
  cloudinit.AuthorizedKeys.OursAloneAreTakenAway
  agent_engine.EngineTest.AReleaseEndsUserDataThatStillRuns
  agent_store.StoreTest.AReleaseLeavesNothingOfTheInstanceInItsFiles
  runner.Runner.IsStoppedWithAllItHasStartedAndMakesRoomForAnother
  vm.identity)
claim(5.first.analyze "Where the time of an operation went can be seen, from boot to the end of user data."
  agent_cli.TimelineOf.TellsEachStepFromTheBootOn
  agent_cli.Cli.AnalyzeTellsWhereTheTimeWentAndDrawsIt)
claim(5.first.userdata-outlives "User data runs in a unit of its own that outlives the agent and inherits none of its sandbox."
  cloudinit.UserData.RunsInAUnitOfItsOwnThatLeavesItsResultBehind cloudinit.UserData.ItsUnitHasTheLimitsThatAreConfigured
  sys.Systemd.AServiceIsStartedAsItsOwnLibraryReadsIt sys.Systemd.BeginGoesAlongAndTheCallOnlyAfterTheAnswer
  vm.fail_points)
claim(5.store.durable-first "Operation, generation and token are durable, in one transaction, before the caller is answered."
  agent_store.StoreTest.AnAcceptedRequestIsWholeAfterAReopen
  agent_store.StoreTest.ATokenIsAcceptedOnce)
claim(5.store.outbox "Reports wait in the store in order, bounded, and what happens at the bound is as documented."
  agent_store.StoreTest.ReportsLeaveInOrderAndOnlyWhenSafe
  agent_store.StoreTest.AtTheBoundStepReportsAreLeftOutButFinalOnesNever)
claim(5.engine.read-back "An item is changed only if planning again finds nothing left to do for it."
  agent_engine.EngineTest.ChangedIsSaidOnlyWhenTheReadBackShowsIt)
claim(5.engine.neighbours "A failure hides no other item."
  core.RunPlan.AFailedStepSkipsTheRestOfItsItemOnly
  cloudinit.Once.OneBadItemHidesNoNeighbour
  raid.Arrays.OneThatCannotBeMadeHidesNoNeighbour
  netns.Netns.ARouteThatTheKernelRefusesFailsItsItemOnly
  agent_engine.EngineTest.AFailedArrayIsNotCompleteAndTheScriptWaits)

# --- 5.vendors: calls in the vendors' own words
claim(5.vendors.sdks "The vendors' own SDKs, signed and over TCP, order an instance, add and take away addresses, and read them back."
  clients.sdks)
claim(5.vendors.errors "What is wrong is told with the vendor's own body, code and status."
  clients.sdks agent_vendor.VendorTest.FramesAreTheVendors
  agent_vendor.VendorTest.JdcloudTakesWhatTheSdksSendAndRefusesWhatIsWrong agent_vendor.VendorTest.BaiduTakesAListOrACount)
claim(5.vendors.live "An address is on the NIC when the call that asked for it is answered."
  clients.sdks clients.signed)
claim(5.vendors.once "A token is done once, also over a restart and when it comes many times at once; another request with it is refused where the vendor refuses it."
  clients.sdks agent_engine.CallsTest.ATokenIsDoneOnceAlsoAfterARestart
  agent_engine.CallsTest.ATokenOfBaiduIsForgottenADayAfterItCameLast
  agent_store.StoreTest.ACallThatComesAgainKeepsWhatHasBecomeOfIt)
claim(5.vendors.per-item "Where a vendor tells of each item, each is told by itself; where it is all or nothing, nothing is left."
  agent_vendor.VendorTest.JdcloudTellsOfEachAliasByItself
  agent_engine.CallsTest.OneThatCannotBeSetIsNotWantedAnyLonger agent_engine.CallsTest.AllOrNothingLeavesNothing
  agent_engine.CallsTest.WhatIsToBeTakenBackIsTakenBackAfterACrash)
claim(5.vendors.together "Calls that come at once are accepted as one, and each is told its own."
  clients.signed agent_engine.CallsTest.ManyAtOnceAreOneOperationAndEachIsToldItsOwn)
claim(5.vendors.eip "An elastic address goes from the stock to the NIC and back, durably, and is of no use while it is on its way."
  clients.signed agent_vendor.EipTest.OneThatIsBeingMadeIsOfNoUseYet agent_vendor.EipTest.WaitsForTheNicBothWays
  agent_vendor.EipTest.LeavesTheRecycleBinAfterADayAndNotBefore agent_vendor.EipTest.IsFreeAgainWhenItsInstanceHasGone
  agent_vendor.EipTest.TheStockIsWhatNobodyHas agent_vendor.EipTest.IsForOneThatRunsAndUpToTheLimit)
claim(5.vendors.signed "Over TCP nothing is believed but a signature by a key of this host: every part that it signs counts, and it counts once and for its time."
  clients.signed agent_signature.Signature.EachSchemeVerifies agent_signature.Signature.EveryPartThatIsSignedCounts
  agent_signature.Signature.ATimeThatIsOverOrNotYetHereIsTold agent_signature.Signature.AKeyCountsForItsVendorAlone
  agent_signature.Nonces.OneIsTakenOnceAndIsKnownToWhoeverComesNext)
claim(5.vendors.many "A thousand clients at once are each answered, and nothing is left of them; a slow one costs the others nothing."
  clients.many)
claim(5.vendors.hostile "No body, path or header breaks the reading of a call or of a signature."
  fuzz.vendor fuzz.signature)
claim(5.vendors.who "On the admin socket root calls what changes something, its group reads, and nobody else does anything."
  agent_api.Routes.NobodyElseThanItsGroupReads
  agent_api.Routes.OnlyRootCallsWhatChangesSomethingAndASignatureStandsForIt)

# --- 6. Links
claim(6.file "A document renamed into the watched directory is taken; reports appear beside it."
  agent_link.FileLinkTest.ADocumentRenamedIntoItIsTakenAndAnswered
  agent_link.FileLinkTest.ErrorsAreWrittenBesideIt
  agent_link.FileLinkTest.ReportsAreFilesBeforeTheyAreForgotten)
claim(6.signed "A document that has to be signed is an order only with a trusted key's signature over its exact bytes, this host and its generation."
  agent_engine.SignedDocuments.OneOfTheControlPlaneIsCarriedOut
  agent_engine.SignedDocuments.OneThatIsNotChangesNothingAndIsReported
  agent_engine.SignedDocuments.WhatNobodySignedIsNotEvenRead
  agent_engine.SignedDocuments.AReleaseHasToBeSignedToo
  agent_engine.SignedDocuments.RootOnTheHostNeedsNone
  agent_engine.SignedDocuments.WhereNoneIsRequiredABadOneIsRefusedAllTheSame
  agent_engine.SignedDocuments.WithoutGoodKeysNobodyIsBelieved
  agent_daemon.SignedLinks.AProxyCanNeitherOrderNorRepeatNorCarryOver
  agent_daemon.SignedLinks.ADirectoryTakesWhatIsSignedBesideIt
  agent_daemon.Config.ASignatureCanBeRequiredOnlyWhereSomebodyMaySign
  agent_spec.DetachedSignature.AnyByteThatChangesIsNoticed agent_spec.DetachedSignature.OneForAnotherHostIsRefused
  agent_spec.DetachedSignature.OneForAnotherGenerationIsRefused agent_spec.TrustedKeys.OneThatAnybodyCanSignWithIsNone
  clients.signed_documents)
claim(6.signed-replay "A signed document that is older than one that was taken is refused, whatever generation whoever carries it gives it."
  agent_engine.SignedDocuments.AnOlderOneIsNotTakenAgain
  agent_engine.SignedDocuments.AnOlderOneInTheDirectoryNeitherThoughItSaysNoGeneration
  agent_engine.SignedDocuments.WhatItSaysItselfIsWhatWasSigned
  agent_daemon.SignedLinks.AProxyCanNeitherOrderNorRepeatNorCarryOver)
claim(6.signed-rotation "The keys of a control plane are exchanged by their ids while the daemon runs."
  agent_engine.SignedDocuments.KeysAreExchangedWhileTheDaemonRuns agent_spec.TrustedKeys.EachHasANameOfItsOwn
  clients.signed_documents)
claim(6.signed-form "Of a signature there is one way to write it, and no header, however made, is believed beyond that."
  agent_spec.DetachedSignature.AHeaderThatIsNotAsItMustBeIsToldWhy agent_spec.DetachedSignature.OneWayToWriteItAlone
  agent_spec.DetachedSignature.TheKeyInAHeaderIsNoKey agent_spec.DetachedSignature.TheSignerOfTheseTestsIsThatOfRfc8037
  agent_link.HttpsLinkTest.TheSignatureIsHandedOverAsItCame cloudinit.Base64Url.HasNoSecondWayToSayTheSame fuzz.jws)
claim(6.https-poll "The https link asks with the generation it has, waits, and takes 200, 304 and 404 for what they mean."
  agent_link.HttpsLinkTest.TakesADocumentOnceWithItsGeneration
  agent_link.HttpsLinkTest.ANewGenerationIsTakenAfterNothingNew
  agent_link.HttpsLinkTest.NoDocumentYetIsAskedForAgain
  agent_link.HttpsLinkTest.OverTls
  agent_link.GenerationOf.ReadsAnEtag)
claim(6.https-reports "Numbered reports are sent in order until the control plane says they are safe."
  agent_link.OutboxTest.ReportsAreSentInBatchesAndForgottenOnceSafe
  agent_link.OutboxTest.APartOfABatchMayBeSafe
  agent_link.OutboxTest.ASafeNumberThatWasNotSentForgetsNothing)
claim(6.https-identity "Bearer token, CA, client certificate and proxy come from files and configuration."
  agent_link.HttpClientTest.TlsWithTheRightAuthority
  agent_link.HttpClientTest.TlsWithAnUnknownAuthority
  agent_link.HttpClientTest.AClientCertificateIsShown
  agent_link.HttpClientTest.ThroughTheProxyAllIsTls
  agent_link.HttpsLinkTest.ARefusedTokenSaysWhichFileAndIsReadAnew
  agent_link.HttpsLinkTest.NothingIsSentWithAnUnsafeToken)
claim(6.enrolment "A one-time token or bootstrap file is exchanged for a certificate of a key that is made on the host and never leaves it."
  clients.enrolment agent_link.EnrolmentTest.ATokenIsExchangedOnceAndAllElseGoesWithTheCertificate
  agent_link.EnrolmentTest.TheKeyNeverLeavesTheHost
  agent_link.EnrolmentTest.ARequestThatWasCutOffIsMadeAgainTheSame
  agent_link.EnrolmentTest.ARefusedTokenIsToldOnceAndAnotherOneIsTriedAtOnce
  agent_link.EnrolmentTest.ABootstrapFileNamesTheAuthorityWhichIsPinned
  agent_link.IdentityTest.OnlyACertificateOfOurKeyForThisHostAndForClientsIsTaken
  agent_link.IdentityTest.ACutOffEndOfAnExchangeIsEndedAtTheNextStart fakes.control_plane)
claim(6.rotation "The certificate is renewed before it ends, with a new key and without a restart; the old one is used until the new is durable."
  clients.enrolment agent_link.EnrolmentTest.ItIsRenewedOverTheOldOneAndNewConnectionsTakeTheNew
  agent_link.EnrolmentTest.AConnectionIsGivenUpForTheNewCertificate
  agent_link.EnrolmentTest.WhileTheRenewalFailsTheOldOneIsUsed
  agent_link.NextStep.RotationBeginsAfterTwoThirdsAndTalkGoesOn
  agent_link.NextStep.AClockThatJumpsByYearsAndBackLosesNothing)
claim(6.revocation "A revoked host takes no order until it is enrolled anew; a revoked control plane is told nothing."
  clients.enrolment agent_link.EnrolmentTest.ARevokedHostStopsAndGoesOnWithANewToken
  agent_link.EnrolmentTest.AnAlertOfRevocationIsTheSame
  agent_link.RevocationListTest.ARevokedServerIsToldNothing
  agent_link.RevocationListTest.OneThatHasExpiredSaysSo)
claim(6.https-retry "Several base URLs, jittered backoff and Retry-After are honoured."
  agent_link.HttpsLinkTest.TurnsToTheNextBaseUrlAndStaysThere
  agent_link.HttpsLinkTest.RetryAfterIsHonoured
  agent_link.Backoff.DoublesWithJitterUpToItsBound
  agent_link.Backoff.HostsDoNotComeBackTogether)
claim(6.https-plain-refused "http is for loopback only."
  agent_link.Url.PlainHttpIsForLoopbackOnly)
claim(6.wrong-clock "A wrong clock at first boot is named as the cause."
  agent_link.HttpClientTest.AWrongClockAtFirstBootSaysSo)
claim(6.garbage-changes-nothing "A document that does not arrive whole or does not parse changes nothing."
  agent_spec.Document/Broken.CutAnywhere/0
  agent_spec.Document/Broken.BytesChanged/0
  agent_link.HttpsLinkTest.SurvivesEverythingThatIsNoAnswer
  agent_link.HttpClientTest.ACutAnswerIsAnError
  agent_engine.EngineTest.ARefusedDocumentFromALinkIsReportedAndChangesNothing)
claim(6.no-report-lost "No report is lost or reordered while the control plane is away."
  agent_link.Seeds/OutboxCampaign.LosesNothingAndKeepsTheOrder/0
  agent_link.OutboxTest.WhatCannotBeForgottenIsSentAgain)
claim(6.protocol-written "The protocol is written down as OpenAPI, and the control plane of the tests keeps to it."
  fakes.control_plane vm.again)

claim(6.faults "A link comes back by itself from outages, flapping, half-open connections and names that move, loses no report and takes no document twice."
  netns.link_faults
  agent_link.LinkFaults.ALinkThatFlapsLosesNothingAndTakesNothingTwice)
claim(6.bad-answers "Redirects, answers that drip, are cut, have a wrong length or unpack to a gigabyte give no document, and the next good one is taken."
  agent_link.LinkFaults.ARedirectTakesNeitherTokenNorHostElsewhere
  agent_link.LinkFaults.AnAnswerByteByByteIsLeftWhenItsTimeIsOver
  agent_link.LinkFaults.ALengthThatDoesNotFitGivesNoDocument
  agent_link.LinkFaults.ABombOfGzipIsNeitherAskedForNorUnpacked)
claim(6.new-certificates "Certificates that run out are told with their dates, and new ones, of another authority too, are taken without a restart."
  agent_link.LinkFaults.AnExpiredCertificateIsToldAndItsSuccessorTakenWithoutARestart
  agent_link.LinkFaults.AnotherAuthorityAndAnotherClientCertificateAreReadWhenTheirFilesAreReplaced)
claim(6.clock-jumps "A clock that jumps by years delays nothing, and is told where a certificate is judged by it."
  agent_link.LinkFaults.AClockThatJumpsByYearsDelaysNothingAndIsToldWhereItMatters
  agent_link.LinkFaults.ATroubleThatLastsIsLoggedOnceThoughItTellsTheTime
  agent_link.LinkFaults.ARetryAfterOfAServerWithAnotherYearIsNoWaitOfAYear)
claim(6.split "What parses bytes from the network is a process of its own, a user in no group, without capabilities and behind seccomp, and sees no file system but its own."
  vm.split clients.split systemd.units)
claim(6.split-exposure "By systemd's own count the unit that faces the network is exposed by at most 1.5 of 10."
  systemd.units arch.bench)
claim(6.split-exact "A document passes between the two processes byte for byte with its signature, also one of five mebibytes, and is submitted as of the source link."
  agent_gate.GateTest.ADocumentOfFiveMebibytesArrivesByteForByteWithItsSignature
  agent_gate.GateMessages.WhoSubmitsDoesNotSayAsWhom
  clients.split)
claim(6.split-hostile "A process that faces the network and has been taken over can neither end nor overload the one that is root, nor have a file of it, nor leave a descriptor in it."
  agent_gate.HostileTest.WhatIsNoRequestEndsTheConnectionAndTheNextOneIsServed
  agent_gate.HostileTest.DescriptorsThatBelongToNothingAreClosed
  agent_gate.HostileTest.AnIdIsNotUnderWayTwice
  agent_gate.HostileTest.AFloodWaitsWithTheKernel
  agent_gate.HostileTest.WhoeverTakesNoAnswersIsLeftInTheEnd
  agent_gate.HostileTest.NoDocumentBreaksIt
  fuzz.gate)
claim(6.split-peer "Only metalwright-link and root are let in where the two processes meet, one at a time."
  agent_gate.GateTest.NobodyElseOnThisHostIsLetIn
  agent_gate.GateTest.OneAtATimeAndTheNextWhenThatIsGone
  vm.split)
claim(6.split-restart "Either process may be killed or restarted, and no document or report is lost."
  clients.split vm.split agent_gate.GateTest.WhoeverWaitsWhenTheConnectionGoesIsTold)
claim(6.split-rotation "Token and certificates are exchanged in place, without a restart, and never have a path in the process that faces the network."
  clients.split agent_gate.GateTest.AFileIsReadWhenItIsAskedForAndOnlyWhereItIsSafe)

# --- 7. Shown in a machine
claim(7.again-changes-nothing "The same order again changes nothing: no write to a disk, no netlink mutation."
  vm.again)
claim(7.reboot-keeps-all "After a reboot all is still there and user data has not run again."
  vm.create_instance)
claim(7.foreign-disks "Disks with an ext4, LVM or old md signature are refused by name and are byte for byte what they were."
  vm.refused_disks)
claim(7.kill-at-each-boundary "Killed at any journal boundary, the daemon ends in the same state with at most one run of user data."
  vm.fail_points)
claim(7.control-plane-away "The control plane dead for a minute in the middle loses no report."
  vm.again)
claim(7.aliases-answer "The alias addresses answer on the wire."
  vm.create_instance vm.again)
claim(7.applied-twice "In every room, applying twice equals applying once."
  raid.Apply.TwiceEqualsOnce
  netns.Netns.APlainHostIsBroughtUpAndTheSecondTimeNothingIsSent
  cloudinit.Once.ApplyingTwiceWritesOnce
  agent_engine.EngineTest.TheSameOrderAgainChangesNothing)
claim(7.bench "The benches measure value, floor and peer interleaved and state bar and verdict."
  arch.bench)

# --- 8. The network, live
claim(8.way-proves-itself "A changed primary address or default route is asked whether it works, and taken back when it does not."
  netns.Guarded.AGatewayThatAnswersTakesOver netns.Guarded.ASilentGatewayIsTakenBack netns.Guarded.ByNeighbourDiscoveryToo
  netns.Guarded.TheControlPlaneMustBeReachedWhereThatIsConfigured
  netcfg.Guard.AChangeThatDoesNotIsTakenBackAndNothingOfItIsWrittenForTheNextBoot
  netcfg.Guard.AnotherGatewayAloneIsGuardedToo netcfg.Guard.APartOfTheWayThatIsPutBackIsNoChangeOfIt)
claim(8.put-back "What somebody takes away comes back while the daemon runs, is told once, and at growing intervals when they insist."
  netns.upkeep vm.again)
claim(8.chaos "After flushes, link flaps, SIGKILL in an apply of 10,000 aliases and a second daemon all is as ordered, nothing else touched."
  netns.chaos campaign.chaos)
claim(8.hold "A hold freezes that, and ends."
  netns.upkeep)
claim(8.told-by-the-kernel "Every change of links, addresses, routes and rules is heard, and an overflow is told and gone beyond."
  netns.Drift.AnOverflowIsToldOnceAndTheNextReadWorks netns.Drift.ALinkEdgeThatWasLostIsToldByTheNextDump
  netns.Drift.DownAndUpAgain netns.Drift.ARouteThatSomebodyDeletes)
claim(8.announced "Each address that comes to life is announced, five times, and none that is withdrawn."
  netns.Announce.FiveRoundsReachThePeerAndNoneOfWhatIsWithdrawn netns.Announce.APeerWithAStaleMacIsPutRight netns.upkeep)
claim(8.alias-form "A single IPv4 alias is a local route where the spec says so."
  netcfg.PlanAliases.ASingleIpv4AddressIsALocalRouteWhereTheSpecSaysSo)
claim(8.fuzzed "No netlink reply and no document, however broken, crashes its reader."
  fuzz.decode fuzz.document)
claim(8.two-nics "With two NICs an answer leaves by the one it was asked on, from an alias too, and containers and tunnels stay in reach."
  netns.TwoNics.AnswersLeaveByTheNicTheyWereAskedOn netns.TwoNics.ARangeOfAliasesIsHeardAndAnswersByItsNic
  netns.TwoNics.InOneNetworkEachAddressIsFoundAtItsOwnNic netns.TwoNics.ContainersAndTunnelsAreReachedFromEveryAddress
  netns.TwoNics.Ipv6IsNoDifferent)
claim(8.two-nics-once "Each NIC has its own table and its own rule, exactly one, with fixed priorities, after any number of runs."
  netns.TwoNics.ThreeRunsMakeOneRuleEach netns.TwoNics.ARuleThatIsThereThriceIsThereOnceAfterwards
  netns.TwoNics.ALinkThatWasDownAnswersByItselfAgain
  netcfg.PolicyInAnyState.HoldsEachRuleOnceLeavesForeignAloneAndGoesWithoutATrace)
claim(8.two-nics-settings "arp_filter, arp_announce and rp_filter are set where that is needed, remembered first, and put back."
  netns.TwoNics.InOneNetworkANicIsSilentAboutTheOthersAddress
  netns.TwoNics.SwitchedOffAllIsAsItWas netns.TwoNics.StrictReversePathFiltersLetTheQuestionsIn
  netns.TwoNics.AStrictNicWithoutAGatewayIsLoosened netcfg.Policy.WhatASettingWasIsRememberedOnceAndBeforeItIsChanged
  netcfg.Policy.ASettingThatSomebodyHasChangedSinceIsTheirs agent_engine.Owned.WhatIsOursComesBackFromTheStoreWhole)
claim(8.two-nics-foreign "Rules and routes of somebody else are never changed; one in the way fails its NIC's line, in words."
  netns.TwoNics.WhatSomebodyElseHasSetStays netcfg.Policy.ARuleOfSomebodyElseInTheWayFailsThatNicAlone
  netcfg.Policy.ARouteOfSomebodyElseInTheWayFailsInWords)
claim(8.kinds "Aliases, secondary and elastic addresses are managed, limited and reported each by itself, and each is where it belongs."
  netcfg.PlanKinds.EachKindHasItsLineAndItsPlace netcfg.PlanKinds.EachKindHasItsOwnLimit netcfg.PlanKinds.OneKindIsRemovedWithoutTheOther
  netns.Nics.EachKindIsWhereItBelongsAndGoesByItself netns.Nics.AnElasticAddressAnswersOnTheWanNicBesideWhatIsThere)
claim(8.ranges "An IPv4 range is one local route that answers for every address of it; an IPv6 one its addresses, or a route where it is routed."
  netns.Netns.ARangeAnswersArpFromThePeerAndCanBeBoundTo netcfg.PlanAliases.EachFormBecomesItsKernelObject
  netcfg.PlanAliases.ARoutedIpv6RangeIsOneRoute netcfg.PlanAliases.RefusesARangeThatIsNotOurs)
claim(8.leases "Secondary addresses by number come out of the host's pools, survive a restart and are never given twice."
  agent_engine.AddressesTest.AddressesByNumberSurviveARestartAndAreGivenOnce agent_spec.Leases.WhatIsSomebodysIsNeverGiven)
claim(8.validated "What no host can have, what stands twice and what is too many is refused before the kernel is asked; one bad item spoils no other."
  netcfg.PlanAliases.RefusesWhatNoHostCanHave netcfg.PlanAliases.AtMostSoManyOnOneNic netcfg.PlanAliases.TheSameAddressOnTwoNicsIsAConflict
  netcfg.PlanAliases.OneBadItemSpoilsNoOther netns.Netns.TheKernelsOwnWordsComeWithTheItemTheyBelongTo
  netns.Netns.AThousandAddressesEachWithItsResult)
claim(8.foreign "Somebody else's address, route, rule or qdisc is never removed or changed, and adopted only where the order says so."
  netns.Netns.WhatIsNoLongerWantedGoesAndWhatIsForeignStays netns.Nics.AForeignAddressIsAdoptedOnRequestAndThenOurs
  netcfg.PlanAliases.WhatSomebodyElseSetIsUnchangedAndNeverRemoved netcfg.PlanPrimary.AForeignRouteInTheWayIsToldAndLeftAlone
  netns.ShapingInTheKernel.AnothersRootQdiscIsUntouched netns.ShapingInTheKernel.AnothersFiltersOnWhatComesInAreUntouched netns.chaos)
claim(8.siblings "Removing the first address of a subnet takes no other along, whatever promote_secondaries says."
  netns.PromoteSecondaries/Siblings.SurviveTheFirstOfTheirSubnet/off netns.PromoteSecondaries/Siblings.SurviveTheFirstOfTheirSubnet/on
  netns.PromoteSecondaries/Siblings.AFormerPrimaryInTheSameSubnetLeavesTheNewOneAndItsRoute/off)
claim(8.spelling "A prefix length spelled or not is the same item."
  netcfg.PlanAliases.SpelledOrNotIsTheSameItem agent_engine.AddressesTest.WhatIsThereAlreadyIsUnchangedHoweverItIsWritten)
claim(8.ipv6 "An IPv6 alias is usable at once and never the preferred source, unless asked; a duplicate is asked for and reported on request."
  netns.Netns.AnIpv6AliasIsUsableAtOnceAndNeverThePreferredSource netcfg.PlanKinds.AnIpv6AddressIsPreferredOnlyWhereTheSpecSaysSo
  netns.Nics.AnAddressThatAnotherHostHasFailsWhereTheSpecAsksForTheQuestion)
claim(8.shaping "The WAN NIC is shaped as ordered, changed in place without an unshaped moment, and cleared of ours alone by 0."
  netns.ShapingInTheKernel.LimitsWhatGoesOut netns.ShapingInTheKernel.IsChangedInPlaceWithoutAMomentUnshaped
  netns.ShapingInTheKernel.WhatComesInIsLimitedAndStillComesIn netns.ShapingInTheKernel.WhatComesInIsChangedInPlaceToo
  netns.ShapingInTheKernel.ZeroRemovesItAndAddressesStay netcfg.PlanShaping.AbsentMeansUnmanaged)
claim(8.neighbours "Beside systemd-networkd and NetworkManager all of ours survives a reload, a restart, a reapply and a link flap."
  vm.neighbours)
claim(8.neighbour-files "They are told what is ours only where the configuration says so, in files of our own."
  vm.neighbours netcfg.Neighbours.WithoutTheConfigurationNothingIsWrittenOrSaid
  netcfg.Neighbours.WhatTheConfigurationNoLongerAsksForIsTakenAwayAndNothingElse)
claim(8.any-state "From any state of the host to any order: what is ours is what is wanted, foreign things stay, and again sends nothing."
  netcfg.AnyNics.ConvergeLeaveForeignAloneAndAreIdempotent netcfg.AnyNics.TheStoreStandsInForAKernelWithoutMarks
  netcfg.AnyState.ConvergesLeavesForeignAloneAndIsIdempotent)
claim(8.ip-commands "Addresses are listed, added, planned, removed and watched one by one, for people and as JSON."
  agent_cli.Cli.AddressesAreListedWithTheirState agent_cli.Cli.AnAddedAddressIsAnOperation agent_cli.Cli.APlanOfAddressesShowsWhatChanges
  agent_cli.Cli.ARemovedAddressIsWatchedToItsEnd agent_cli.Cli.AnAddressOfAKindAndAddressesByNumberAreAskedFor)
claim(8.bond "Two NICs become one 802.3ad bond, against a switch that speaks LACP; either cable alone is enough, and the next boot makes it again."
  vm.bond netcfg.Links.TheNextBootMakesThemBeforeTheAgentIsThere)
claim(8.vlan "All that is wanted goes on a VLAN of the NIC or the bond, made and removed by us."
  vm.bond netcfg.Links.AnotherVlanReplacesTheFormerOne netcfg.Links.TwoVlansOfOneBondAreTwoNics)
claim(8.bond-guarded "A bond or VLAN through which the gateway does not answer is taken back whole, after a crash too."
  vm.bond netcfg.Links.ABondThroughWhichTheGatewayIsSilentIsTakenBack netcfg.Links.ACrashInTheMiddleIsTakenBackFromTheJournal
  netcfg.PropertyLinks.AnyChainOfOrdersEndsAsWantedOrAsBefore)
claim(8.bond-foreign "Somebody else's bond is never changed, and a NIC with somebody else's address is not put into one."
  netcfg.Links.SomebodyElsesBondIsUsedWhereItFitsAndNeverChanged netcfg.Links.SomebodyElsesAddressKeepsANicOutOfABond
  netcfg.PropertyLinks.AnyChainOfOrdersEndsAsWantedOrAsBefore)
claim(8.interface-mode "createInstances' interfaceMode bond makes that bond, and dual takes ours apart."
  agent_spec.JdCloud.TheInterfaceModeMakesABondOrTakesOursApart netcfg.Links.AnotherModeMakesTheBondAnewAndNoneTakesItApart)

# --- 9. RAID controllers
claim(9.controllers "Model, serial, firmware, mode, levels, flags, each drive and each volume of every controller are shown, whichever tool of the family tells."
  agent_cli.controllers_of_the_emulator_are_shown raid.StorcliSeen.AControllerFromShowAll
  raid.StorcliSeen.VolumesAndTheirDrivesInAnyOrderOfKeys raid.StorcliSeen.TheNestingOfStorcli2
  raid.StorcliSeen.DetailsOfTheOlderTools raid.StorcliSeen.FlagsOfTheStatus raid.StorcliSeen.AMemberThatNoSlotHasIsMissing
  raid.StorcliWords.SizesAreBinaryWhateverTheyAreCalled raid.StorcliWords.SectorsAreExactAndOfEitherSize
  agent_inventory.Inventory.AControllerAsTheApiDescribesIt)
claim(9.controllers-list "`metalwright raid list` shows disks, arrays and controllers as tables and as JSON."
  agent_cli.controllers_of_the_emulator_are_shown agent_cli.Cli.RaidListShowsControllersWithTheirDrivesAndVolumes
  agent_cli.Cli.NoControllersAreSaidInWords agent_cli.Cli.RaidListAsJsonHasNoNics)
claim(9.controllers-local "The tools are configuration, and `inventory --local --raid-tool PATH` needs no daemon."
  agent_cli.controllers_of_the_emulator_are_shown agent_cli.Cli.ARaidToolIsOfALocalLook
  agent_daemon.Config.EveryKeyIsRead agent_daemon.Config.NoRaidToolsAreOtherThanThoseThatAreInstalled
  raid.StorcliAsk.InstalledToolsAreThoseThatAreThere)
claim(9.controllers-none "No controller is an empty list, in each of the shapes in which the tools say so."
  raid.StorcliAnswer.NoControllerHasManyShapes raid.StorcliAsk.WithoutAControllerOneQuestionIsEnough
  raid.StorcliSeen.EmptyListsAreNoErrors agent_cli.controllers_of_the_emulator_are_shown)
claim(9.controllers-judged "An answer is judged by its status and every detailed row, never by the exit status."
  raid.StorcliAnswer.ASuccessWithAFailedRowIsAFailure raid.StorcliAnswer.RowsThatAllSucceedAreASuccess
  raid.StorcliAnswer.ARowIsToldWhateverItsKeysAreCalled raid.StorcliAnswer.TextWithAStatusIsJudgedByIt
  raid.StorcliAsk.AsksForWhatIsThereAndNothingTwice agent_cli.controllers_of_the_emulator_are_shown)
claim(9.controllers-broken "Text for JSON, control bytes, absent keys, a failing controller or drive among good ones: survived, and said."
  raid.StorcliSeen.OneFailingControllerHidesNoNeighbour raid.StorcliSeen.WhatAFailureHoldsIsReadAllTheSame
  raid.StorcliSeen.TextWhereJsonWasAskedForIsSaid raid.StorcliSeen.BrokenRowsAreLeftOut
  raid.StorcliSeen.AnIncompleteForeignConfigurationIsAFlagNotAnError raid.StorcliValue.ControlBytesInAStringAreSurvived
  raid.StorcliValue.WhatStandsAroundTheJsonIsPassedOver raid.StorcliAnswer.WhatIsNoAnswerIsSaidToBeNone
  agent_cli.controllers_of_the_emulator_are_shown)
claim(9.controllers-fuzzed "No output of a tool, however broken, crashes its reader, and none makes a drive free that does not say so."
  fuzz.storcli raid.StorcliValue.DepthAndNumberAreBounded raid.StorcliSeen.NoAnswerIsTooLongToBeSearched)
claim(9.controllers-free "A drive is free only where all that its tool says of it agrees; an HBA's drives are the kernel's."
  raid.StorcliWords.ADriveIsFreeOnlyWhereAllColumnsAgree raid.StorcliWords.StatusWinsOverState
  raid.StorcliSeen.AnHbasDrivesAreTheKernels)
claim(9.controllers-asked-once "No question is put to a tool twice; one that hangs is killed with its children and not asked again."
  raid.StorcliAsk.AsksForWhatIsThereAndNothingTwice raid.StorcliAsk.AToolThatHangsIsNotAskedAgainAndHidesNoOther
  raid.StorcliAsk.AControllerThatTwoToolsShowIsListedOnce agent_cli.controllers_of_the_emulator_are_shown)
claim(9.emulator "The emulator of the tools keeps its state, refuses as they do, and misbehaves as it is told."
  fakes.storcli)
claim(9.volumes-plan "A volume of a controller is planned over provably free drives alone, or refused with the command that helps; one that is there is unchanged or told, never rebuilt."
  raid.StorcliPlan.NeverTouchesADriveThatIsNotProvablyFree raid.StorcliPlan.WhatIsNotFreeIsRefusedWithTheCommandThatHelps
  raid.StorcliPlan.AControllerThatMayNotBeUsedIsRefused raid.StorcliPlan.EveryLevelOverTheFewestDrives
  raid.StorcliPlan.DrivesAreChosenByRule raid.StorcliPlan.DrivesAreNamedBySerialWwnOrPlace
  raid.StorcliPlan.AVolumeThatIsThereIsUnchanged raid.StorcliPlan.WhatDiffersIsToldAndNeverRebuilt
  raid.StorcliPlan.ADegradedVolumeIsToldAndARebuildingOneIsNot raid.StorcliPlan.WhatWasMadeAndIsAbsentIsNotMadeAnew)
claim(9.volumes-read-back "What a tool says it did counts only when it is seen, in each of the three grammars."
  raid.Each/StorcliLevels.AreMadeSeenAndThenUnchanged/storcliRaid0 raid.Each/StorcliLevels.AreMadeSeenAndThenUnchanged/storcliRaid1
  raid.Each/StorcliLevels.AreMadeSeenAndThenUnchanged/storcliRaid5 raid.Each/StorcliLevels.AreMadeSeenAndThenUnchanged/storcliRaid6
  raid.Each/StorcliLevels.AreMadeSeenAndThenUnchanged/storcliRaid10 raid.Each/StorcliLevels.AreMadeSeenAndThenUnchanged/storcliRaid50
  raid.Each/StorcliLevels.AreMadeSeenAndThenUnchanged/storcliRaid60 raid.Each/StorcliLevels.AreMadeSeenAndThenUnchanged/perccliRaid5
  raid.Each/StorcliLevels.AreMadeSeenAndThenUnchanged/storcli2Raid1 raid.Each/StorcliLevels.AreMadeSeenAndThenUnchanged/storcli2Raid10
  raid.StorcliApply.ASuccessThatDidNothingIsFound
  raid.StorcliApply.AToolThatDiedAfterItsWorkHasDoneIt raid.StorcliApply.ADriveThatWasTakenSinceThePlanIsRefused
  raid.StorcliApply.ARefusalOfTheToolIsToldInItsWords raid.StorcliPlan.CommandsOfBothGrammars)
claim(9.volumes-ours "Only volumes that are ours are deleted, known by NAA id."
  raid.StorcliPlan.OnlyOursAreDeleted raid.StorcliApply.OnlyTheVolumeWithThisIdIsDeleted)
claim(9.volumes-ordered "A spec, or a vendor's RAID type, orders volumes of a controller; every wrong word in it is told where it stands."
  agent_spec.Native.WhatIsWrongIsToldWhereItIs agent_spec.JdCloud.ARaidTypeMayBeAVolumeOfAController vm.hardware_raid)
claim(9.volumes-mounted "A volume is made, found by its NAA id, given its file system and mounted; over a reboot and the same order nothing changes."
  vm.hardware_raid raid.Volumes.ANewOneIsMadeThenItsFileSystemThenItIsMounted raid.Volumes.WhatIsThereAndMountedIsUnchanged
  raid.Volumes.ADiskThatTheKernelDoesNotShowIsSaid)
claim(9.volumes-safe "A volume that was not made here, that is degraded or that once existed is never written to; what its drives held comes not back."
  vm.hardware_raid raid.Volumes.OneOfSomebodyElseIsNotWrittenTo raid.Volumes.AFileSystemThatHasGoneIsNotMadeAnew
  raid.Volumes.DegradedOnesAreToldAndLeftAlone raid.Volumes.WhatWasCutOffIsFinishedAndOldContentIsOursToOverwrite
  raid.Volumes.NoArrayTakesTheDiskOfAVolume agent_engine.EngineTest.AVolumeThatOnceExistedIsNeverTakenForNew)
claim(9.volumes-released "A release that removes arrays deletes our volumes, and nothing that is in use or somebody else's."
  vm.hardware_raid raid.VolumeRemoval.EndsOurMountAndDeletesTheOneWithThisId raid.VolumeRemoval.LeavesWhatIsInUseOrSomebodyElses
  agent_engine.EngineTest.AVolumeIsRememberedByItsDrivesThenByItsIdAndGoesWithARelease)
claim(5.raid.side-by-side "Arrays that share nothing are made at the same time; where anything is wiped or taken down, all goes in its order."
  raid.Parts.EachArrayWithWhatStandsOnItIsOne raid.Parts.WhatIsWipedMayLieUnderSeveral
  agent_engine.RoomRun.PartsAreDoneAtTheSameTimeEachWithItsOwnJournal agent_engine.RoomRun.WithoutASecondJournalAllIsDoneInItsOrder
  vm.raid_levels)
claim(5.raid.power-cuts "After a loss of power, with what disks had in their caches, at a random moment of a whole provisioning it ends as ordered; other disks are as they were to the byte."
  vm.power_cuts)

# --- 10. Nothing lost
claim(10.crash-matrix "At every durable boundary the daemon is killed, aborts, or finds its store full or broken: after a restart all is as without that."
  netns.crash_matrix vm.fail_points)
claim(10.restarts "A restart by systemd at any durable boundary ends in the same state, and user data runs once."
  vm.restarts netns.crash_matrix)
claim(10.crashes "After crashes at any number of random moments addresses, leases, token and reports are as ordered."
  netns.store_faults)
claim(10.full-disk "On a full disk reads are answered, what would have to be kept is refused with 507, and all goes on without a restart once there is room."
  netns.store_faults netns.crash_matrix agent_api.Status.EveryErrorHasItsNumber)
claim(10.damaged-store "A damaged store is set aside, said in log, status and report, and rebuilt from the control plane; nothing is destroyed or run a second time."
  netns.store_faults agent_store.Damage.WhatIsNoDatabaseIsSetAside agent_store.Damage.AnEmptyFileIsNoNewStore
  agent_store.Damage.PagesOfNoiseAreFoundAtTheStart agent_store.Damage.ATableThatIsGoneIsDamage
  agent_store.Damage.WithoutItsKeyNoTokenIsKnown agent_store.Damage.FoundAtWorkItIsToldOnce)
claim(10.others-store "Another program's database and a newer version's store are refused and left as they are."
  agent_store.Damage.AnotherProgramsDatabaseIsRefusedAndLeftAsItIs agent_store.Damage.ANewerVersionsStoreIsRefusedAndLeftAsItIs)
claim(10.load "Thousands of orders leave memory and store as large as they are after a thousand, and nothing of them is taken for drift."
  netns.load agent_store.Damage.WhatIsOldIsForgottenAndTokensLast agent_engine.UpkeepTest.WhatAnOrderIsStillToDoIsNotPutBackAndWhatWasThereIs)
claim(10.one-user "One local user cannot keep all others from the admin socket."
  agent_api.HttpServer.OneUserDoesNotKeepAllOthersOut)
claim(10.bill "What is installed comes with a bill of its materials, the same each time."
  arch.bill_of_materials)
claim(9.watch "A volume that degrades, a drive that fails, is pulled, put in or rebuilt, and a controller that wants an operator is an event and a report at the next look, whose period is configured, and stands in the status."
  raid.ControllerTurns.ADriveThatFailsIsToldWithItsVolume raid.ControllerTurns.AReplacementIsToldFromThePullToTheEndOfTheRebuild
  raid.ControllerTurns.AFlagIsToldAndThatItHasGone raid.ControllerTurns.AToolThatHangsHidesNothingAndIsToldOnce
  raid.ControllerTurns.HalfAnAnswerIsNoPulledDrive raid.ControllerTurns.WhatAnOrderMakesOfDrivesIsNoNews
  raid.ControllerTurns.AControllerThatIsGoneIsTold raid.ControllerTurns.NothingNewIsNone
  agent_engine.WatchTest.ADriveOfAControllerThatFailsIsAnEventAReportAndStandsInTheStatus
  agent_engine.WatchTest.ARebuildOfAControllerIsToldInSteps raid.StorcliAsk.HowFarARebuildIsIsAskedWhereThereIsOne
  agent_daemon.Config.ControllersAreLookedAtNowAndThen agent_cli.Cli.AStatusNamesControllersThatAreNotInOrder vm.hardware_raid)
claim(9.replace "A drive of a volume is replaced as a member of an array is: taken out of use, another given to rebuild on; refused while the volume needs it."
  raid.ReplacePlan.AWorkingDriveLeavesAndTheSmallestOfItsKindComes raid.ReplacePlan.AFailedOneIsNotTakenOutOfUseFirst
  raid.ReplacePlan.OneThatIsNeededStays raid.ReplacePlan.WhatMayNotComeIsSaid raid.ReplacePlan.OneThatWasReplacedIsNoLongerMissed
  raid.StorcliApply.ADriveIsReplacedInEachGrammarWhileTheVolumeIsUsed raid.StorcliApply.ADriveThatWasPulledIsReplacedByTheOneThatIsNamed
  raid.Volumes.ADriveOfOneThatIsOursIsReplacedAndNothingElseIsDoneToIt agent_engine.EngineTest.AReplacedDriveOfAVolumeIsRemembered
  vm.hardware_raid)
claim(9.spares "A controller gets the global hot spares that are wanted, out of what the volumes leave; a release gives back those of ours alone."
  raid.SparesPlan.TheyComeFromWhatTheVolumesLeave raid.SparesPlan.AControllerThatKeepsNoneIsSaid
  raid.StorcliApply.GlobalSparesComeToWhatIsThereAndGoAgain raid.Volumes.GlobalSparesComeWithoutAnyVolumeAndGoWithARelease
  agent_engine.EngineTest.GlobalSparesOfOursGoWithARelease)
claim(9.locate "The locate LED of a disk is lit through its enclosure, that of a drive by its controller's tool, also for one that is replaced; a dying disk is not read for it."
  raid.Locate.TheEnclosuresLedIsLitAndPutOut raid.Locate.ADriveBehindAControllerIsLitByItsTool raid.Locate.WhatCannotBeLitIsSaid
  raid.Locate.AReplacedMemberIsLitAndADarkOneHindersNothing raid.StorcliApply.TheLocateLedIsLitAndPutOut
  agent_engine.EngineTest.ADiskIsLocated agent_api.Routes.ADiskIsLocatedAtOnce agent_cli.Cli.ADiskIsLocated)
claim(9.unshown "A controller that has a driver but no tool is listed, with what to install."
  raid.Unshown.OneWithoutAToolIsListedWithWhatToDo raid.Unshown.OneThatAToolShowsIsNotListedTwice vm.megaraid)
claim(5.raid.superblock "An array whose superblock the kernel that will be booted refuses is not made."
  raid.Superblock.OnlyANewerKernelsIsRefusedByAnOlderOne raid.Superblock.AnArrayThatWouldNotStartAtTheNextBootIsNotMade)
claim(5.raid.metric "What is broken of arrays, volumes and drives, and what waits for the control plane, is told as metrics."
  agent_api.Metrics.AStatusIsToldAsMetrics agent_store.StoreTest.HowTheHostStandsIsReadAsOneWhileInstancesComeAndGo)
claim(6.api.spec "The document in force is read, and replaced only by whoever has seen it; sent back as it was read it is the same order."
  agent_api.Routes.ADocumentIsReplacedOnlyByWhoeverHasSeenIt agent_engine.NativeTest.TheDocumentInForceIsToldAsItCanBeSentAgain
  agent_engine.NativeTest.ADocumentThatSomebodyElseHasReplacedIsNotReplaced clients.contract)
claim(6.api.cancel "An operation ends before its next step when it is cancelled, one that has not begun never does, also after a power cut; applied again the rest is done."
  agent_engine.NativeTest.AnOperationEndsAtItsNextStepAndCanBeCarriedOn agent_engine.NativeTest.OneThatHasNotBegunNeverDoesAlsoAfterAPowerCut
  agent_engine.NativeTest.AHoldKeepsNobodyFromCancelling agent_engine.NativeTest.UserDataThatHasBegunIsNotCancelled
  agent_api.Routes.AnOperationIsCancelledByRoot agent_cli.Cli.AnOperationIsCancelled clients.contract)
claim(6.api.events "Events are streamed as they happen until the operation has ended; a caller that comes again misses none and hears none twice."
  agent_api.EventStream.EventsComeAsTheyHappenUntilTheOperationHasEnded agent_api.EventStream.WhatHappensBetweenOperationsNeverEnds
  agent_api.EventStream.ACallerThatComesAgainMissesNothingAndHearsNothingTwice agent_api.EventStream.AnOlderCallerReadsUntilItCloses
  agent_api.EventStream.NoSuchOperationIsAnOrdinaryError agent_api.EventStream.AStreamEndsInGoodOrderWhenTheDaemonStops
  agent_api.EventStream.WhoHangsUpIsForgotten clients.contract)
claim(6.api.probes "Monitoring asks whether the daemon lives, whether it takes documents, and for metrics; what was handed out is listed."
  agent_api.Routes.WhatMonitoringAsks agent_engine.NativeTest.ReadyIsWhoTakesDocuments agent_engine.NativeTest.WhatWasHandedOutIsTold
  agent_api.Metrics.AStatusIsToldAsMetrics agent_cli.Cli.MetricsAreTheDaemonsOwn clients.contract)
claim(6.api.contract "Every path answers as its description says, whatever is asked of it; errors are problem documents with pointers into the document."
  clients.contract netns.upkeep clients.signed fuzz.http agent_api.Status.TellsAllErrorsInOrderWithTheStatusOfTheFirst
  agent_api.Status.APathIsNoPointerIntoTheDocument agent_api.Routes.EveryPathOfTheOpenApiDescriptionIsThere)
claim(5.raid.late-udev "A file system whose making udev has missed is mounted all the same: udev is told to look again."
  raid.Apply.AnUdevThatHasLookedTooEarlyIsToldToLookAgain raid.Apply.AMountWaitsForAFileSystemOfAnEarlierRunThatUdevHasNotSeen)
claim(6.link-status "The status says what keeps each link from its work, when it was heard last and which certificate it shows, also when that is another process."
  agent_engine.EngineTest.TheStatusSaysHowTheLinksAreDoing agent_gate.GateTest.HowTheLinkIsDoingIsToldAndThatItIsNotThere
  agent_cli.Cli.StatusSaysHowTheLinksAreDoing agent_link.EnrolmentTest.ATokenIsExchangedOnceAndAllElseGoesWithTheCertificate
  clients.enrolment clients.split_enrolment)
