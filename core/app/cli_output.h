#pragma once
// What commands print: aligned tables, JSON, and talk on stderr. Control characters in values are
// made visible, so that an event cannot drive somebody's terminal.
#include <fmt/core.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "config/load.h"

namespace junctor::app {

enum class Paint { Plain, Bold, Green, Yellow, Red, Dim };
// Colours only on a terminal, and not if NO_COLOR is set.
void configureColours(const config::Environment& environment);
std::string paint(std::string_view text, Paint colour);
Paint colourOf(std::string_view state);  // of a delivery state or check

std::string visible(std::string_view text);
std::string clipped(std::string_view text, size_t columns);

class Table {
 public:
  explicit Table(std::vector<std::string> columns) : columns_(std::move(columns)) {}
  // The last cells may be left out. `colour` applies to the whole row.
  void row(std::vector<std::string> cells, Paint colour = Paint::Plain);
  size_t size() const { return rows_.size(); }
  void print() const;  // stdout; heading only if there are rows

 private:
  struct Row {
    std::vector<std::string> cells;
    Paint colour;
  };
  std::vector<std::string> columns_;
  std::vector<Row> rows_;
};

void print(const std::string& line);                   // stdout, with line end, flushed
void printJson(const Json& value);                     // stdout, indented
void printJsonLine(const Json& value);                 // stdout, one line, flushed
void talk(const std::string& line);                    // stderr
void printProblems(const config::Problems& problems);  // stderr, one line each

// Text member or "" ; numbers and booleans as JSON writes them.
std::string cell(const Json& object, const char* key);
// "2026-11-21T08:30:00.123Z" -> "2026-11-21 08:30:00".
std::string shortTime(std::string_view rfc3339);

}  // namespace junctor::app
