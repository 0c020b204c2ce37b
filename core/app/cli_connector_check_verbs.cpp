#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli_connector_check.h"

namespace junctor::app {

void addConnectorCheck(CLI::App& connector, CliAction& chosen) {
  CLI::App* check = connector.add_subcommand("check", "Prove a connector against the contract");
  check->footer(
      "Examples:\n"
      "  junctor connector check build/acme.so --fixtures fixtures\n"
      "  junctor connector check acme.so --include 'W*' --exclude W13 --junit report.xml\n"
      "  junctor connector check --list\n"
      "Patterns are globs ('*' and '?'), no regular expressions.\n"
      "Exit codes: 0 all passed, skipped or waived; 1 a check failed; 2 usage.");
  const auto options = std::make_shared<ConnectorCheckOptions>();
  check->add_option("connector", options->path, "Its library (.so), a bundle, or an installed id");
  check->add_option("--fixtures", options->fixtures, "Folder (default: fixtures/ beside it)");
  check->add_option("--mappings", options->mappings,
                    "Folder of its default mappings (default: mappings/ beside its fixtures)");
  check->add_option("--level", options->level, "basic, full or pedantic (default full)")
      ->check(CLI::IsMember({"basic", "full", "pedantic"}));
  check->add_option("--include", options->include, "Only these checks; repeatable");
  check->add_option("--exclude", options->exclude, "Not these checks; repeatable");
  check->add_option("--waivers", options->waivers,
                    "Failures accepted with a reason (default ./junctor-check.yaml)");
  check->add_option("--junit", options->junit, "Write a JUnit report there");
  check->add_option("--seed", options->seed, "Of everything random (default 1)");
  check->add_option("--timeout", options->timeout_s, "Seconds per check (default: its own)")
      ->check(CLI::Range(1, 3600));
  check->add_flag("--json", options->json, "Print the report as JSON (as -o json)");
  check->add_flag("--list", options->list, "Print what is checked, check nothing");
  check->add_flag("--markdown", options->markdown, "With --list: as the page of the manual");
  check->add_flag("--in-process", options->in_process,
                  "For a debugger: no child, no limits; use it with --include");
  check->callback([&chosen, options] {
    chosen = [options](const CliContext& context) { return connectorCheck(context, *options); };
  });

  CLI::App* fuzz = connector.add_subcommand("fuzz", "Feed it changed fixtures until it breaks");
  fuzz->footer(
      "Examples:\n"
      "  junctor connector fuzz acme.so --rounds 100000 --seed 7\n"
      "  junctor connector fuzz acme.so --reproduce com.acme-seed7-round812.json");
  const auto input = std::make_shared<ConnectorFuzzOptions>();
  fuzz->add_option("connector", input->path, "Its library (.so), or an installed id")->required();
  fuzz->add_option("--fixtures", input->fixtures, "Folder (default: fixtures/ beside it)");
  fuzz->add_option("--seed", input->seed, "The same seed gives the same inputs (default 1)");
  fuzz->add_option("--rounds", input->rounds, "How many inputs (default 10000)");
  fuzz->add_option("--folder", input->folder, "Where a fatal input is kept (default .)");
  fuzz->add_option("--reproduce", input->reproduce, "Run this one input instead");
  fuzz->callback([&chosen, input] {
    chosen = [input](const CliContext& context) { return connectorFuzz(context, *input); };
  });
}

}  // namespace junctor::app
