#include "mapping/convert.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/limits.h"
#include "mapping/forms.h"

namespace junctor::mapping {
namespace {

Direction opposite(Direction direction) {
  return direction == Direction::ToExternal ? Direction::FromExternal : Direction::ToExternal;
}

// "data.object" + "email"
std::string joined(const Path& envelope, const Path& path) {
  if (envelope.empty()) return path.text();
  return envelope.text() + (path.text().starts_with('[') ? "" : ".") + path.text();
}

bool isEmpty(const Value& value) {
  return (value.isText() && value.asText().empty()) || (value.isArray() && value.items().empty()) ||
         (value.isObject() && value.members().empty());
}

// Runs the fields of one direction over one object.
class Run {
 public:
  Run(const Mapping& mapping, Direction direction, const Value& input, const Path& read,
      const Path& write, bool told)
      : mapping_(mapping),
        direction_(direction),
        input_(input),
        read_(read),
        write_(write),
        told_(told) {}

  Result<Converted> all() {
    for (size_t i = 0; i < mapping_.fields.size(); ++i) {
      const Field& field = mapping_.fields[i];
      if (!runs(field.way, direction_)) continue;
      field_ = &field;
      index_ = i;
      JUNCTOR_CHECK(one());
    }
    if (!missing_.empty()) {
      return invalidArgument(fmt::format("{} {} {}: {}", mapping_.connector, mapping_.external,
                                         toThem() ? "needs" : "lacks", fmt::join(missing_, "; ")));
    }
    Value inner = std::move(out_.output);
    out_.output = Value::object();
    JUNCTOR_CHECK(write_.write(out_.output, std::move(inner)));
    return std::move(out_);
  }

 private:
  bool toThem() const { return direction_ == Direction::ToExternal; }
  const std::vector<Path>& from() const { return toThem() ? field_->canonical : field_->external; }
  const std::vector<Path>& to() const { return toThem() ? field_->external : field_->canonical; }

  void issue(Issue::Kind kind, const Path& path, std::string detail) {
    if (!told_) return;
    const bool written = kind != Issue::Kind::Absent && kind != Issue::Kind::Refused;
    out_.issues.push_back(
        {kind, field_->name, joined(written ? write_ : read_, path), std::move(detail)});
  }

  Result<void> one() {
    sources_.clear();
    if (field_->constant) return scatter(*field_->constant);
    std::optional<Value> value = gather();
    const bool defaulted = takeDefault(value);
    if (!value || (value->isNull() && required())) {
      lacks(value.has_value());
      return {};
    }
    if (defaulted && !toThem()) return scatter(std::move(*value));  // a default is canonical
    auto converted = applyAll(field_->transforms, *value, direction_);
    if (!converted) {
      refuse(converted.error().message);
      return {};
    }
    if (!defaulted && told_) compareBack(*value, *converted);
    if (toThem() && field_->max) clip(*converted);
    return scatter(std::move(*converted));
  }

  bool required() const { return field_->required && runs(*field_->required, direction_); }

  void lacks(bool null) {
    const Path& place = from().front();
    if (required()) {
      missing_.push_back(fmt::format("{} ({} at {})", field_->name, null ? "null" : "nothing",
                                     joined(read_, place)));
    } else {
      issue(Issue::Kind::Absent, place, "no value");
    }
  }

  void refuse(const std::string& why) {
    if (required()) {
      missing_.push_back(fmt::format("{} ({})", field_->name, why));
    } else {
      issue(Issue::Kind::Refused, from().front(), why);
    }
  }

  // Several places make a list, in which those that are missing are null.
  std::optional<Value> gather() {
    if (from().size() == 1) return readOne(from().front());
    Value list = Value::array();
    for (const Path& path : from()) {
      const Value* found = path.read(input_);
      list.items().push_back(found ? *found : Value());
      if (found) sources_.push_back(joined(read_, path));
    }
    return sources_.empty() ? std::nullopt : std::optional(std::move(list));
  }

  std::optional<Value> readOne(const Path& path) {
    const Value* found = path.read(input_);
    const Path* place = &path;
    for (size_t i = 0; !found && !toThem() && i < field_->also_read.size(); ++i) {
      place = &field_->also_read[i];
      found = place->read(input_);
    }
    if (!found) return std::nullopt;
    if (told_) sources_.push_back(joined(read_, *place));
    return *found;
  }

  bool takeDefault(std::optional<Value>& value) {
    if (!field_->default_value || !runs(field_->default_way, direction_)) return false;
    const auto takenFor = [this](Lack lack) {
      const auto& when = field_->default_when;
      return std::find(when.begin(), when.end(), lack) != when.end();
    };
    const bool take = !value            ? takenFor(Lack::Missing)
                      : value->isNull() ? takenFor(Lack::Null)
                      : isEmpty(*value) ? takenFor(Lack::Empty)
                                        : false;
    if (!take) return false;
    sources_.clear();
    issue(Issue::Kind::Defaulted, to().front(), shown(*field_->default_value));
    value = field_->default_value;
    return true;
  }

  void compareBack(const Value& before, const Value& after) {
    if (field_->way != Way::Both) return;
    const auto back = applyAll(field_->transforms, after, opposite(direction_));
    if (back && *back == before) return;
    issue(Issue::Kind::Lossy, to().front(),
          back ? "comes back as " + shown(*back) : "does not come back");
  }

  void clip(Value& value) {
    const auto clipText = [this](Value& text, const Path& path) {
      if (!text.isText()) return;
      const auto kept = firstCharacters(text.asText(), *field_->max);
      if (kept.size() == text.asText().size()) return;
      issue(Issue::Kind::Clipped, path, fmt::format("to {} characters", *field_->max));
      text = Value::text(std::string(kept));
    };
    if (to().size() == 1) clipText(value, to().front());
    for (size_t i = 0; to().size() > 1 && i < std::min(value.items().size(), to().size()); ++i) {
      clipText(value.items()[i], to()[i]);
    }
  }

  Result<void> scatter(Value value) {
    if (to().size() == 1) return put(to().front(), std::move(value));
    if (value.isNull()) {
      for (const Path& path : to()) JUNCTOR_CHECK(put(path, Value()));
      return {};
    }
    if (value.items().size() != to().size()) {
      refuse(fmt::format("has not {} parts", to().size()));
      return {};
    }
    for (size_t i = 0; i < to().size(); ++i) {
      if (!value.items()[i].isNull()) JUNCTOR_CHECK(put(to()[i], std::move(value.items()[i])));
    }
    return {};
  }

  Result<void> put(const Path& path, Value value) {
    if (auto written = path.write(out_.output, std::move(value)); !written) {
      return invalidArgument(fmt::format("fields.{}: {}", field_->name, written.error().message));
    }
    if (!told_) return {};
    Origin origin{joined(write_, path), sources_, field_->name, index_, {}};
    for (const Transform& t : field_->transforms) origin.transforms.emplace_back(nameOf(t));
    if (!toThem()) std::reverse(origin.transforms.begin(), origin.transforms.end());
    out_.origins.push_back(std::move(origin));
    return {};
  }

  const Mapping& mapping_;
  const Direction direction_;
  const Value& input_;
  const Path& read_;
  const Path& write_;
  const bool told_;
  const Field* field_ = nullptr;
  size_t index_ = 0;
  std::vector<std::string> sources_;
  std::vector<std::string> missing_;
  Converted out_;
};

}  // namespace

std::string_view nameOf(Issue::Kind kind) {
  constexpr std::string_view kNames[] = {"lossy",  "clipped", "defaulted",
                                         "absent", "refused", "kept"};
  return kNames[static_cast<size_t>(kind)];
}

std::string shown(const Value& value) {
  const std::string json = toJson(value);
  if (json.size() <= limits::kMappingValueBytesShown) return json;
  return std::string(firstCharacters(json, limits::kMappingValueBytesShown)) + "…";
}

Result<Converted> toExternal(const Mapping& mapping, const Value& canonical, bool told) {
  if (!canonical.isObject()) return invalidArgument("the canonical value must be an object");
  return Run(mapping, Direction::ToExternal, canonical, Path(), mapping.envelope.write, told).all();
}

Result<Converted> fromExternal(const Mapping& mapping, const Value& external, bool told) {
  if (!external.isObject()) return invalidArgument("the provider's value must be an object");
  if (mapping.envelope.read.empty()) {
    return Run(mapping, Direction::FromExternal, external, Path(), Path(), told).all();
  }
  std::vector<std::string> tried;
  for (const Path& path : mapping.envelope.read) {
    const Value* inner = path.read(external);
    if (inner && inner->isObject()) {
      return Run(mapping, Direction::FromExternal, *inner, path, Path(), told).all();
    }
    tried.push_back(path.text());
  }
  return invalidArgument(fmt::format("{} {}: there is no object at {}", mapping.connector,
                                     mapping.external, fmt::join(tried, " or ")));
}

Result<Converted> reconcile(const Mapping& mapping, const Value& ours, const Value& external) {
  JUNCTOR_TRY(Converted theirs, fromExternal(mapping, external));
  Converted out;
  out.output = ours;
  out.issues = std::move(theirs.issues);
  for (Origin& origin : theirs.origins) {
    JUNCTOR_TRY(const Path path, Path::parse(origin.output));
    const Value* value = path.read(theirs.output);
    const Value* have = path.read(ours);
    const Field& field = mapping.fields[origin.index];
    if (have && mapping.ownerOf(field) == Owner::Canonical) {
      if (*have != *value) {
        out.issues.push_back({Issue::Kind::Kept, field.name, origin.output, "ours differs"});
      }
      continue;
    }
    JUNCTOR_CHECK(path.write(out.output, *value));
    out.origins.push_back(std::move(origin));
  }
  return out;
}

}  // namespace junctor::mapping
