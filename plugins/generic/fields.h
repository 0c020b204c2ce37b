// Reading JSON whose field names are not known beforehand: lists of names tried in order.
#pragma once
#include <initializer_list>
#include <junctor/connector.hpp>
#include <string>
#include <vector>

namespace generic {

using jnc::Json;
using jnc::Text;

// The value at names joined by dots: "requester.email". Absent if any part is.
Json at(const Json& scope, Text dotted);

// The first of the names that holds a text, number or boolean, as text.
Text firstText(const Json& scope, std::initializer_list<Text> names);

// Unix milliseconds of a number (seconds or milliseconds) or an RFC 3339 text; 0 if it is neither.
int64_t timeOf(const jnc::Call& call, const Json& value);

// Members id, name, login, email of a person's object, or the name of a bare one.
void putPerson(jnc::Writer& out, const Json& value);

// What one event is read from: the request, and the body or one element of it.
struct Source {
  const jnc::Request& request;
  Json root;
  Json inner;  // the only member of `root`, if that is an object: {"acme_webhook": {…}}
};

// A list of places, from the settings or by default: "header:NAME", a JSON pointer "/a/b", or names
// joined by dots "a.b".
class KeyList {
 public:
  KeyList(std::initializer_list<const char*> places) : places_(places.begin(), places.end()) {}
  KeyList(const Json& settings, Text key, std::initializer_list<const char*> defaults);

  bool configured() const { return configured_; }
  // First place that holds a text, number or boolean.
  Text text(const Source& source) const;
  // First place in the body that holds anything but null.
  Json value(const Source& source) const;

 private:
  std::vector<std::string> places_;
  bool configured_ = false;
};

}  // namespace generic
