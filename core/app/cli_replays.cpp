#include "app/cli_replays.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "app/cli_client.h"
#include "app/cli_output.h"
#include "base/bytes.h"
#include "base/json_value.h"

namespace junctor::app {
namespace {

Result<std::string> replaysBase(AdminClient& client) {
  JUNCTOR_TRY(const std::string tenant, client.tenant());
  return "/v1/tenants/" + percentEncode(tenant) + "/replays";
}

Json replayBody(const ReplayOptions& options) {
  Json body = {{"of", options.dead_letters ? "dead_letters" : "events"}};
  for (const auto& [name, text] :
       {std::pair{"type", &options.type}, std::pair{"source", &options.source},
        std::pair{"rules", &options.rules}, std::pair{"integration", &options.integration},
        std::pair{"destination", &options.destination},
        std::pair{"rule_version", &options.rule_version},
        std::pair{"fingerprint", &options.fingerprint}, std::pair{"since", &options.since},
        std::pair{"until", &options.until}}) {
    if (!text->empty()) body[name] = *text;
  }
  if (options.rate > 0) body["rate"] = options.rate;
  if (options.preview) body["preview"] = true;
  return body;
}

std::string progressOf(const Json& replay) {
  return cell(replay, "done") + " of " + cell(replay, "total");
}

void printOne(const CliContext& context, const Json& replay) {
  if (context.json) return printJson(replay);
  print(fmt::format("{} {}: {}, {} failed", cell(replay, "id"), cell(replay, "state"),
                    progressOf(replay), cell(replay, "failed")));
  if (const std::string problem = cell(replay, "problem"); !problem.empty()) {
    talk(visible("last failure: " + problem));
  }
}

}  // namespace

Result<int> replayCreate(const CliContext& context, const ReplayOptions& options) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string base, replaysBase(client));
  JUNCTOR_TRY(const Json answer, client.post(base, replayBody(options)));
  if (options.preview && !context.json) {
    print(cell(answer, "total") + (options.dead_letters ? " dead letters" : " events"));
  } else if (context.json) {
    printJson(answer);
  } else {
    printOne(context, answer);
    talk("junctor replay show " + cell(answer, "id"));
  }
  return kExitOk;
}

Result<int> replayList(const CliContext& context) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string base, replaysBase(client));
  JUNCTOR_TRY(const Json answer, client.get(base));
  if (context.json) {
    printJson({{"items", answer.at("data")}});
    return kExitOk;
  }
  Table table({"REPLAY", "OF", "STATE", "DONE", "FAILED", "RATE", "CREATED", "BY"});
  for (const Json& replay : answer.at("data")) {
    table.row({cell(replay, "id"), cell(replay, "of"), cell(replay, "state"), progressOf(replay),
               cell(replay, "failed"), cell(replay, "rate"), shortTime(cell(replay, "created_at")),
               cell(replay, "created_by")});
  }
  table.print();
  if (answer.at("data").empty()) talk("no replays");
  return kExitOk;
}

Result<int> replayShow(const CliContext& context, const std::string& id) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string base, replaysBase(client));
  JUNCTOR_TRY(const Json answer, client.get(base + "/" + percentEncode(id)));
  printOne(context, answer);
  return kExitOk;
}

Result<int> replayCancel(const CliContext& context, const std::string& id) {
  JUNCTOR_TRY(AdminClient client, AdminClient::connect(context));
  JUNCTOR_TRY(const std::string base, replaysBase(client));
  JUNCTOR_TRY(const Json answer,
              client.post(base + "/" + percentEncode(id) + "/cancel", Json::object()));
  printOne(context, answer);
  return kExitOk;
}

namespace {

CLI::App* replayVerb(CLI::App& group, const char* name, const char* what, const char* examples) {
  CLI::App* made = group.add_subcommand(name, what);
  made->footer(std::string("Examples:\n") + examples);
  return made;
}

void addCreate(CLI::App& replay, CliAction& chosen) {
  const auto o = std::make_shared<ReplayOptions>();
  CLI::App* cmd =
      replayVerb(replay, "create", "Run stored events, or dead letters, again",
                 "  junctor replay create --since 2026-11-20T00:00:00Z --preview\n"
                 "  junctor replay create --type 'order.*' --since 2026-11-20T00:00:00Z "
                 "--rate 50\n"
                 "  junctor replay create --dead-letters --fingerprint 5d41402abc4b2a76");
  cmd->add_flag("--dead-letters", o->dead_letters, "Dead letters instead of events");
  cmd->add_flag("--preview", o->preview, "Count them, run nothing");
  cmd->add_option("--rate", o->rate, "At most so many a second (default: as fast as it goes)");
  cmd->add_option("--since", o->since, "Received (dead letters: made) at or after this time");
  cmd->add_option("--until", o->until, "… at or before this time (default: now)");
  cmd->add_option("--integration", o->integration, "Of this integration");
  cmd->add_option("--type", o->type, "Events of this type, '*' as wildcard");
  cmd->add_option("--source", o->source, "Events of this connector");
  cmd->add_option("--rules", o->rules, "Events that this script handled: name@ or name@hash");
  cmd->add_option("--destination", o->destination, "Dead letters for this destination");
  cmd->add_option("--rule-version", o->rule_version, "Dead letters this script decided: name@hash");
  cmd->add_option("--fingerprint", o->fingerprint, "Dead letters of this cause");
  cmd->callback([o, &chosen] {
    chosen = [o](const CliContext& context) { return replayCreate(context, *o); };
  });
}

}  // namespace

void addReplays(CLI::App& app, CliAction& chosen) {
  CLI::App* replay = app.add_subcommand("replay", "What runs again, by query");
  replay->require_subcommand(1);
  addCreate(*replay, chosen);
  CLI::App* cmd =
      replayVerb(*replay, "list", "Replays and how far they came", "  junctor replay list");
  cmd->callback([&chosen] { chosen = replayList; });
  const auto id = std::make_shared<std::string>();
  cmd = replayVerb(*replay, "show", "How far one came", "  junctor replay show rpl_…");
  cmd->add_option("replay", *id, "Its id")->required();
  cmd->callback([id, &chosen] {
    chosen = [id](const CliContext& context) { return replayShow(context, *id); };
  });
  cmd =
      replayVerb(*replay, "cancel", "Hand nothing more of it on", "  junctor replay cancel rpl_…");
  cmd->add_option("replay", *id, "Its id")->required();
  cmd->callback([id, &chosen] {
    chosen = [id](const CliContext& context) { return replayCancel(context, *id); };
  });
}

}  // namespace junctor::app
