#pragma once
// The work behind the transforms, by file. Each answers InvalidArgument for what it cannot convert.
#include <cstdint>
#include <string>
#include <string_view>

#include "mapping/transform.h"

namespace junctor::mapping {

// text_forms.cpp
Result<std::string> normalEmail(std::string_view text);
Result<Value> shiftPoint(const Value& number, int places);  // < 0: to the left
Result<Value> joinName(const Value& parts);
Result<Value> splitName(const Value& text);
Result<Value> joinTexts(const Value& list, std::string_view separator);
Result<Value> splitText(const Value& text, std::string_view separator);
std::string textOfHtml(std::string_view html);
// At most `max` characters (code points) of it.
std::string_view firstCharacters(std::string_view text, size_t max);

// phone.cpp
bool knownCountry(std::string_view country);
Result<std::string> e164(std::string_view text, std::string_view country);

// time_form.cpp: "unix_s", "unix_ms", "date", "rfc3339", "rfc3339_s", "offset", or a pattern of
// %Y %m %d %H %M %S %f (milliseconds) %z.
Result<void> checkTimeForm(std::string_view form);
Result<Value> formTime(const Value& rfc3339, std::string_view form);
Result<Value> readTime(const Value& value,
                       std::string_view form);  // -> RFC 3339, UTC, milliseconds

// enum_table.cpp
Result<Value> enumWord(const Transform& transform, const Value& value, Direction direction);

// adf.cpp
Value adfOfText(std::string_view text);
Result<Value> textOfAdf(const Value& document);  // a text is taken as it is

}  // namespace junctor::mapping
