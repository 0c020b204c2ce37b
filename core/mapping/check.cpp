#include "mapping/check.h"

#include <fmt/core.h>

#include <algorithm>

namespace junctor::mapping {
namespace {

using Kind = Transform::Kind;

class Checker {
 public:
  explicit Checker(const Mapping& mapping) : mapping_(mapping) {}

  std::vector<Finding> all() {
    envelope();
    for (const Field& field : mapping_.fields) {
      places(field);
      transforms(field);
      defaults(field);
    }
    targets(Direction::ToExternal);
    targets(Direction::FromExternal);
    for (size_t i = 0; i < mapping_.samples.size(); ++i) sample(i);
    return std::move(findings_);
  }

 private:
  void error(std::string path, std::string message) {
    findings_.push_back({true, std::move(path), std::move(message)});
  }
  void warning(std::string path, std::string message) {
    findings_.push_back({false, std::move(path), std::move(message)});
  }

  void envelope() {
    const auto& read = mapping_.envelope.read;
    const Path& write = mapping_.envelope.write;
    const bool same = std::any_of(read.begin(), read.end(), [&write](const Path& path) {
      return path.text() == write.text();
    });
    if (read.empty() ? !write.empty() : !same) {
      error("envelope.read", fmt::format("must contain \"{}\", where objects are written, so that "
                                         "they can be read back",
                                         write.text()));
    }
  }

  // Several places on a side need a transform that makes a list for them, or takes it.
  void places(const Field& field) {
    const std::string path = "fields." + field.name;
    const auto fits = [](size_t count, const std::vector<Transform>& transforms, bool first,
                         Kind name, Kind texts) {
      if (count < 2) return true;
      if (transforms.empty()) return false;
      const Kind kind = (first ? transforms.front() : transforms.back()).kind;
      return kind == texts || (kind == name && count == 2);
    };
    if (!fits(field.canonical.size(), field.transforms, true, Kind::JoinName, Kind::Join)) {
      error(path + ".canonical", "several places need join_name or join as the first transform");
    }
    const bool constant = field.constant && field.external.size() > 1;
    if (constant ||
        !fits(field.external.size(), field.transforms, false, Kind::SplitName, Kind::Split)) {
      error(path + ".external", "several places need split_name or split as the last transform");
    }
    if (field.external.size() > 1 && !field.also_read.empty()) {
      error(path + ".also_read", "goes with a single external place only");
    }
    if (!field.also_read.empty() && field.way == Way::ToExternal) {
      error(path + ".also_read", "the field is never read from the provider");
    }
  }

  void transforms(const Field& field) {
    for (size_t i = 0; i < field.transforms.size(); ++i) {
      const Transform& t = field.transforms[i];
      const std::string path = fmt::format("fields.{}.transform[{}]", field.name, i);
      if (field.way == Way::Both && inverseOf(t) == Inverse::None) {
        error(path, fmt::format("{} has no inverse, so the field needs a direction", nameOf(t)));
      }
      words(field, t, path);
    }
  }

  void words(const Field& field, const Transform& t, const std::string& path) {
    for (const Transform& step : t.steps) words(field, step, path);
    if (t.kind != Kind::Enum) return;
    for (const auto& [ours, theirs] : t.pairs) {
      const auto there = apply(t, ours, Direction::ToExternal);
      const auto back = there ? apply(t, *there, Direction::FromExternal) : there;
      if (field.way == Way::Both && back && *back != ours) {
        warning(path, fmt::format("{} comes back as {}", toJson(ours), toJson(*back)));
      }
    }
    const bool to = field.way != Way::FromExternal && t.to_default;
    const bool from = field.way != Way::ToExternal && t.from_default;
    if (to && field.way == Way::Both && !apply(t, *t.to_default, Direction::FromExternal)) {
      warning(path, "to_default is a word that cannot be read back");
    }
    if (from && field.way == Way::Both && !apply(t, *t.from_default, Direction::ToExternal)) {
      warning(path, "from_default is a word that cannot be written back");
    }
  }

  void defaults(const Field& field) {
    if (!field.default_value || field.way == Way::FromExternal) return;
    if (!runs(field.default_way, Direction::ToExternal)) return;
    const auto there = applyAll(field.transforms, *field.default_value, Direction::ToExternal);
    if (!there) error("fields." + field.name + ".default", there.error().message);
  }

  struct Target {
    const Field* field;
    const Path* path;
  };

  void targets(Direction direction) {
    const bool to = direction == Direction::ToExternal;
    std::vector<Target> written;
    for (const Field& field : mapping_.fields) {
      if (!runs(field.way, direction)) continue;
      for (const Path& path : to ? field.external : field.canonical) {
        const auto found =
            std::find_if(written.begin(), written.end(),
                         [&path](const Target& target) { return target.path->overlaps(path); });
        if (found != written.end()) {
          error(fmt::format("fields.{}.{}", field.name, to ? "external" : "canonical"),
                fmt::format("{} is written by fields.{} too ({})", path.text(), found->field->name,
                            found->path->text()));
        }
        written.push_back({&field, &path});
      }
    }
  }

  void compare(const std::string& path, const Result<Converted>& got, const Value& wanted) {
    if (!got) return error(path, got.error().message);
    if (got->output == wanted) return;
    error(path, "gives another value: " + toJson(got->output));
  }

  void sample(size_t index) {
    const Sample& sample = mapping_.samples[index];
    const std::string path = fmt::format("samples[{}]", index);
    if (runs(sample.way, Direction::ToExternal)) {
      compare(path + ".external", toExternal(mapping_, sample.canonical), sample.external);
      roundTripOf(sample, path);
    }
    if (sample.way == Way::FromExternal) {
      compare(path + ".canonical", fromExternal(mapping_, sample.external), sample.canonical);
    }
  }

  void roundTripOf(const Sample& sample, const std::string& path) {
    if (sample.way != Way::Both) return;
    const auto trip = roundTrip(mapping_, sample.canonical);
    if (!trip) return error(path, trip.error().message);
    const auto named = [&sample](const std::string& lost) {
      return std::find(sample.lost.begin(), sample.lost.end(), lost) != sample.lost.end();
    };
    for (const auto* list : {&trip->losses, &trip->added}) {
      for (const Loss& loss : *list) {
        if (!named(loss.path)) {
          error(path + ".canonical." + loss.path, "does not survive: " + loss.why);
        }
      }
    }
    for (const std::string& lost : sample.lost) {
      const auto is = [&lost](const Loss& loss) { return loss.path == lost; };
      if (std::none_of(trip->losses.begin(), trip->losses.end(), is) &&
          std::none_of(trip->added.begin(), trip->added.end(), is)) {
        error(path + ".lost", lost + " survives after all");
      }
    }
  }

  const Mapping& mapping_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> checkMapping(const Mapping& mapping) {
  return Checker(mapping).all();
}

std::vector<Finding> checkDocument(const Value& json) {
  Problems problems;
  const Mapping mapping = readMapping(json, problems);
  std::vector<Finding> findings;
  for (Problem& problem : problems) {
    findings.push_back({true, std::move(problem.path), std::move(problem.message)});
  }
  if (!findings.empty()) return findings;
  return checkMapping(mapping);
}

bool hasErrors(const std::vector<Finding>& findings) {
  return std::any_of(findings.begin(), findings.end(), [](const Finding& f) { return f.error; });
}

std::string describe(const Finding& finding) {
  return fmt::format("{}{}{}{}", finding.error ? "" : "warning: ", finding.path,
                     finding.path.empty() ? "" : ": ", finding.message);
}

}  // namespace junctor::mapping
