#!/usr/bin/env python3
"""Shows that each rule bites: a tree of a few lines that breaks it, and one beside it that does not."""
import contextlib
import io
import pathlib
import tempfile
import unittest

import flags
import house
import tree

CMAKE = """project(tiny)
#    room     may use     and links
room(core)
room(sys      core        LIBS PkgConfig::BLKID)
room(raid     core sys)
room(agent/spec  core raid
                          LIBS nlohmann_json::nlohmann_json)
room(agent/api   core agent/spec)
"""
HEADER = "#pragma once\n"


class Rules(unittest.TestCase):
    def breaches(self, rule, files, cmake=CMAKE):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name, text in {"CMakeLists.txt": cmake, **files}.items():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text(text)
            return [str(breach) for breach in house.RULES[rule](tree.files(root))]

    def keeps(self, rule, files, cmake=CMAKE):
        self.assertEqual(self.breaches(rule, files, cmake), [])

    def breaks(self, rule, files, where, what, cmake=CMAKE):
        found = self.breaches(rule, files, cmake)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(where + ": "), found[0])
        self.assertIn(what, found[0])


class KernelNeeds(Rules):
    BOND = 'shell("ip link add b0 type bo' + 'nd");\n'

    def test_a_bond_is_for_the_virtual_machine(self):
        self.keeps("kernel_needs", {"tests/vm/bond_test.py": self.BOND, "tests/netns/a_test.cpp": 'shell("ip link add type veth");\n'})
        self.breaks("kernel_needs", {"tests/netns/bond_test.cpp": self.BOND}, "tests/netns/bond_test.cpp:1", "test it in tests/vm")

    def test_md_is_too(self):
        self.breaks("kernel_needs", {"tests/unit/raid/a.cpp": 'std::system("/sbin/md' + 'adm --version");\n'},
                    "tests/unit/raid/a.cpp:1", "may lack")


class Rooms(Rules):
    BASE = {"core/error.hpp": HEADER, "sys/files.hpp": HEADER, "raid/model.hpp": HEADER,
            "agent/spec/model.hpp": HEADER, "agent/spec/dialects/one.hpp": HEADER}

    def with_line(self, path, line):
        return {**self.BASE, path: (HEADER if path.endswith(".hpp") else "") + line + "\n"}

    def test_a_listed_room_may_be_included(self):
        self.keeps("rooms", self.with_line("raid/plan.cpp", '#include "sys/files.hpp"'))

    def test_a_room_includes_itself_and_its_sub_folders(self):
        self.keeps("rooms", self.with_line("agent/spec/table.cpp", '#include "agent/spec/dialects/one.hpp"'))

    def test_a_room_that_is_not_listed_may_not(self):
        self.breaks("rooms", self.with_line("core/plan.cpp", '#include "sys/files.hpp"'),
                    "core/plan.cpp:1", 'core may not include "sys/files.hpp"')

    def test_what_a_listed_room_lists_is_not_listed(self):
        self.breaks("rooms", self.with_line("agent/api/routes.cpp", '#include "raid/model.hpp"'),
                    "agent/api/routes.cpp:1", "agent/api may not include")

    def test_rooms_inside_the_agent_are_rooms(self):
        self.breaks("rooms", self.with_line("agent/spec/read.hpp", '#include "agent/api/routes.hpp"') |
                    {"agent/api/routes.hpp": HEADER}, "agent/spec/read.hpp:2", "agent/spec may not include")

    def test_an_include_starts_at_the_root(self):
        self.breaks("rooms", self.with_line("raid/plan.cpp", '#include "model.hpp"'),
                    "raid/plan.cpp:1", "no file from the root")

    def test_angle_brackets_hide_nothing(self):
        self.breaks("rooms", self.with_line("core/plan.cpp", "#include <sys/files.hpp>"), "core/plan.cpp:1", "in quotes")

    def test_the_systems_own_headers_are_not_rooms(self):
        self.keeps("rooms", self.with_line("core/plan.cpp", "#include <sys/stat.h>"))

    def test_boost_stays_in_the_agent(self):
        self.breaks("rooms", self.with_line("raid/plan.cpp", "#include <boost/url.hpp>"),
                    "raid/plan.cpp:1", "belongs to agent/ alone")

    def test_json_is_for_rooms_that_say_so(self):
        self.breaks("rooms", self.with_line("raid/plan.cpp", "#include <nlohmann/json.hpp>"),
                    "raid/plan.cpp:1", "belongs to agent/ alone")
        self.keeps("rooms", self.with_line("raid/plan.cpp", "#include <nlohmann/json.hpp>"),
                   CMAKE.replace("core sys)", "core sys LIBS nlohmann_json::nlohmann_json)"))

    def test_a_file_outside_of_all_rooms(self):
        self.breaks("rooms", self.with_line("misc/thing.cpp", ""), "misc/thing.cpp:1", "belongs to no room")

    def test_a_program_beside_the_rooms_has_what_it_links(self):
        runner = {"agent/runner/CMakeLists.txt": "target_link_libraries(run PRIVATE raid)\n"}
        self.keeps("rooms", runner | self.with_line("agent/runner/main.cpp", '#include "sys/files.hpp"'))
        self.breaks("rooms", runner | self.with_line("agent/runner/main.cpp", '#include "agent/spec/model.hpp"'),
                    "agent/runner/main.cpp:1", "may not include")

    def test_a_room_uses_only_rooms_above_it(self):
        self.breaks("rooms", self.BASE, "CMakeLists.txt:2", "uses sys, which is not declared above",
                    "project(tiny)\nroom(core sys)\nroom(sys)\nroom(raid)\nroom(agent/spec)\n")

    def test_a_comment_in_the_list_is_no_room(self):
        self.breaks("rooms", self.with_line("sys/files.cpp", '#include "raid/model.hpp"'), "sys/files.cpp:1", "may not",
                    CMAKE + "# room(sys core raid)\n")


class Headers(Rules):
    def test_asio_in_a_header(self):
        self.breaks("headers", {"agent/api/a.hpp": HEADER + "#include <boost/asio/io_context.hpp>\n"},
                    "agent/api/a.hpp:2", "in a header")

    def test_beast_in_a_source_file(self):
        self.keeps("headers", {"agent/api/a.cpp": "#include <boost/beast/http.hpp>\n"})

    def test_whole_json_in_a_header(self):
        self.breaks("headers", {"agent/spec/a.hpp": HEADER + "#include <nlohmann/json.hpp>\n"},
                    "agent/spec/a.hpp:2", "json_fwd.hpp")
        self.keeps("headers", {"agent/spec/a.hpp": HEADER + "#include <nlohmann/json_fwd.hpp>\n"})

    def test_an_exception_stays_inside_its_room(self):
        self.breaks("headers", {"agent/api/a.hpp": HEADER + '#include "agent/engine/json.hpp"\n'},
                    "agent/api/a.hpp:2", "internal")


class CoAwaitBraces(Rules):
    def rule(self, text):
        return {"agent/api/a.cpp": text}

    def test_an_aggregate_made_in_place(self):
        self.breaks("co_await_braces", self.rule("void f() {\n    co_await send(Message{1, 2});\n}\n"),
                    "agent/api/a.cpp:2", "std::move")

    def test_bare_braces(self):
        self.breaks("co_await_braces", self.rule("x = co_await send(\n    {.a = 1});\n"), "agent/api/a.cpp:2", "braces")

    def test_a_named_object_is_fine(self):
        self.keeps("co_await_braces", self.rule("Message m{1};\nco_await send(std::move(m));\nstd::string s{};\n"))

    def test_the_block_after_a_condition_is_fine(self):
        self.keeps("co_await_braces", self.rule("if (co_await next()) {\n    go();\n}\n"))

    def test_a_lambda_body_is_fine_but_not_what_follows_it(self):
        self.keeps("co_await_braces", self.rule("co_await run(pool, [x]() -> int { return S{x}.n; });\n"))
        self.breaks("co_await_braces", self.rule("co_await run([x] { return x; }, S{1});\n"), "agent/api/a.cpp:1", "braces")

    def test_comments_and_strings_do_not_count(self):
        self.keeps("co_await_braces", self.rule('// co_await f({})\nauto s = "co_await f({})";\nauto r = R"(co_await g{})";\n'))


class RangeTemporaries(Rules):
    def loop(self, expression):
        return {"raid/a.cpp": f"void f() {{\n    for (const Disk& disk : {expression}) use(disk);\n}}\n"}

    def test_a_part_of_what_a_call_has_returned(self):
        for expression in ("observe(doors).value().disks", "(*observe(doors)).disks", "observe(doors)->disks",
                           "*store.unsent(9)", "*store_->unsent(limit)", "machine.look().at(0).disks", 'json::parse(text)["disks"]', "plan(wanted, seen).front().disks"):
            self.breaks("range_temporaries", self.loop(expression), "raid/a.cpp:2", "give it a name")

    def test_what_lives_long_enough_is_fine(self):
        for expression in ("seen.disks", "observe(doors)", "plan(wanted, seen).steps", "all.at(0).disks", "(*seen).disks",
                           "seen->disks", 'page["disks"]', "parts[1].steps", "list(page, key)", "*disks"):
            self.keeps("range_temporaries", self.loop(expression))

    def test_a_loop_that_counts_is_none(self):
        self.keeps("range_temporaries", {"raid/a.cpp": "for (int i = f(x).at(0); i < 3; ++i) {}\n"})


class CapturingCoroutines(Rules):
    def test_a_capture_in_a_coroutine(self):
        self.breaks("capturing_coroutines", {"agent/api/a.cpp": "co_spawn(io,\n    [this]() -> awaitable<void> {\n"
                    "        co_await run();\n    }, detached);\n"}, "agent/api/a.cpp:2", "its captures die")

    def test_without_parameters_too(self):
        self.breaks("capturing_coroutines", {"agent/api/a.cpp": "auto f = [&x] -> task<int> { co_return x; };\n"},
                    "agent/api/a.cpp:1", "function with parameters")

    def test_parameters_instead_of_captures(self):
        self.keeps("capturing_coroutines", {"agent/api/a.cpp": "[](Server& s) -> awaitable<void> { co_await s.run(); }(*this);\n"})

    def test_a_lambda_that_holds_no_coroutine(self):
        self.keeps("capturing_coroutines", {"agent/api/a.cpp": "[[nodiscard]] awaitable<int> f() { co_return table[i]; }\n"
                   "co_await post(pool, [x] { return x; });\n"})

    def test_the_inner_one_is_told_not_the_outer(self):
        self.breaks("capturing_coroutines", {"agent/api/a.cpp": "auto f = [a] {\n    g([b]() -> t { co_return b; });\n};\n"},
                    "agent/api/a.cpp:2", "a capturing lambda")


class SelfRegistering(Rules):
    def test_a_variable_that_adds_itself(self):
        self.breaks("self_registering", {"raid/a.cpp": "static const bool known = backends().emplace(make());\n"},
                    "raid/a.cpp:1", "'known' registers itself")

    def test_a_registrar(self):
        self.breaks("self_registering", {"raid/a.cpp": 'const Registrar<Mdadm> mdadm_entry{"mdadm"};\n'},
                    "raid/a.cpp:1", "explicit table")

    def test_a_constructor_function(self):
        self.breaks("self_registering", {"raid/a.cpp": "[[gnu::constructor]] void up() {}\n"}, "raid/a.cpp:1", "before main")

    def test_a_table_and_a_local_variable_are_fine(self):
        self.keeps("self_registering", {"raid/a.cpp": "constexpr std::array backends{&mdadm};\n"
                   "bool add(int x);\nvoid f() {\n    const bool fresh = seen.insert(x).second;\n}\n"})


class Files(Rules):
    def test_five_hundred_lines(self):
        self.keeps("length", {"raid/a.cpp": "\n" * 500})
        self.breaks("length", {"raid/a.cpp": "\n" * 501}, "raid/a.cpp:501", "501 lines, 500 is the end")

    def test_tests_have_a_hundred_more(self):
        self.keeps("length", {"tests/unit/raid/a_test.cpp": "\n" * 600})
        self.breaks("length", {"tests/unit/raid/a_test.cpp": "\n" * 601}, "tests/unit/raid/a_test.cpp:601", "600")

    def test_scripts_without_a_suffix_count(self):
        self.breaks("length", {"tools/dev": "#!/bin/bash\n" * 501}, "tools/dev:501", "split it")

    def test_documents_do_not(self):
        self.keeps("length", {"schema/a.json": "\n" * 900})

    def test_pragma_once(self):
        self.keeps("pragma_once", {"raid/a.hpp": HEADER})
        self.breaks("pragma_once", {"raid/a.hpp": "#include <string>\n"}, "raid/a.hpp:1", "#pragma once")


class Words(Rules):
    def test_a_promise(self):
        for word in ("TO" + "DO", "FIX" + "ME", "XX" + "X"):
            self.breaks("words", {"raid/a.cpp": f"// one\n// {word} later\n"}, "raid/a.cpp:2", "open an issue")

    def test_a_pattern_of_mkstemp_is_no_promise(self):
        self.keeps("words", {"raid/a.cpp": 'auto name = "/tmp/a-' + "X" * 6 + '";\n'})

    def test_a_developers_path(self):
        self.breaks("words", {"docs/a.md": "see /wo" + "rk/main/core\n"}, "docs/a.md:1", "one machine")

    def test_a_relative_or_a_guests_path_is_fine(self):
        self.keeps("words", {"docs/a.md": "tests/wo" + "rk/x and /home/admin/.ssh\n"})


class Flags(unittest.TestCase):
    GOOD = "/usr/bin/c++ " + " ".join(sorted(flags.NEEDED)) + " -c a.cpp"

    def test_what_is_released_is_fortified(self):
        self.assertEqual([flag for _, flag in flags.lacking([{"file": "a.cpp", "command": self.GOOD + " -O2 -DNDEBUG"}])],
                         ["-D_FORTIFY_SOURCE=3", "-fstack-protector-strong"])
        self.assertEqual(flags.lacking([{"file": "a.cpp", "command": self.GOOD + " -DNDEBUG -fsanitize=address"}]), [])
        fortified = self.GOOD + " -DNDEBUG -fstack-protector-strong -D_FORTIFY_SOURCE="
        self.assertEqual(flags.lacking([{"file": "a.cpp", "command": fortified + "3"}]), [])
        self.assertEqual(len(flags.lacking([{"file": "a.cpp", "command": fortified + "2"}])), 1)

    def test_a_unit_with_all_flags(self):
        self.assertEqual(flags.lacking([{"file": "a.cpp", "command": self.GOOD}]), [])

    def test_a_target_that_is_not_linked_to_house(self):
        bare = self.GOOD.replace("-fno-tree-slp-vectorize", "")
        self.assertEqual(flags.lacking([{"file": "a.cpp", "command": bare}]), [("a.cpp", "-fno-tree-slp-vectorize")])

    def test_a_flag_that_is_taken_back(self):
        self.assertEqual(len(flags.lacking([{"file": "a.cpp", "command": self.GOOD + " -ftree-slp-vectorize"}])), 1)


class CommandLine(unittest.TestCase):
    def run_house(self, *arguments):
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            return house.run(house.RULES, list(arguments)), out.getvalue()

    def test_a_breach_is_printed_and_makes_the_exit_status(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "CMakeLists.txt").write_text("room(core)\n")
            (root / "core").mkdir()
            (root / "core/a.hpp").write_text("int a;\n")
            status, text = self.run_house(folder)
            self.assertEqual((status, text), (1, "core/a.hpp:1: a header opens with #pragma once [pragma_once]\n"))
            self.assertEqual(self.run_house(folder, "rooms")[0], 0)

    def test_a_rule_that_does_not_exist_is_no_pass(self):
        self.assertEqual(self.run_house(".", "nonsense")[0], 2)
        self.assertEqual(self.run_house()[0], 2)


if __name__ == "__main__":
    unittest.main()
