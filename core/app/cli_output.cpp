#include "app/cli_output.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/json_value.h"

namespace junctor::app {
namespace {

bool g_colours = false;  // set once at start

const char* codeOf(Paint colour) {
  switch (colour) {
    case Paint::Plain:
      return "";
    case Paint::Bold:
      return "\033[1m";
    case Paint::Green:
      return "\033[32m";
    case Paint::Yellow:
      return "\033[33m";
    case Paint::Red:
      return "\033[31m";
    case Paint::Dim:
      return "\033[2m";
  }
  return "";
}

// Characters, not bytes: close enough to columns for what is shown here.
size_t width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

void write(std::FILE* to, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), to);
  std::fputc('\n', to);
  std::fflush(to);
}

}  // namespace

void configureColours(const config::Environment& environment) {
  const auto no_color = environment.find("NO_COLOR");
  const bool refused = no_color != environment.end() && !no_color->second.empty();
  g_colours = !refused && ::isatty(STDOUT_FILENO) == 1;
}

std::string paint(std::string_view text, Paint colour) {
  if (!g_colours || colour == Paint::Plain) return std::string(text);
  return codeOf(colour) + std::string(text) + "\033[0m";
}

Paint colourOf(std::string_view state) {
  if (state == "delivered" || state == "ok") return Paint::Green;
  if (state == "dead" || state == "failed") return Paint::Red;
  if (state == "pending" || state == "waiting" || state == "running" || state == "warning") {
    return Paint::Yellow;
  }
  return Paint::Plain;
}

std::string visible(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += c == '\n' || c == '\t' ? std::string(" ") : fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out;
}

std::string clipped(std::string_view text, size_t columns) {
  if (width(text) <= columns) return std::string(text);
  size_t bytes = 0;
  for (size_t seen = 0; bytes < text.size(); ++bytes) {
    const bool starts = (static_cast<unsigned char>(text[bytes]) & 0xc0) != 0x80;
    if (starts && ++seen == columns) break;
  }
  return std::string(text.substr(0, bytes)) + "…";
}

void Table::row(std::vector<std::string> cells, Paint colour) {
  cells.resize(columns_.size());
  for (std::string& text : cells) text = visible(text);
  rows_.push_back({std::move(cells), colour});
}

void Table::print() const {
  if (rows_.empty()) return;
  std::vector<size_t> widths;
  for (size_t column = 0; column < columns_.size(); ++column) {
    size_t most = width(columns_[column]);
    for (const Row& row : rows_) most = std::max(most, width(row.cells[column]));
    widths.push_back(most);
  }
  const auto line = [&](const std::vector<std::string>& cells, Paint colour) {
    std::string text;
    for (size_t column = 0; column < cells.size(); ++column) {
      text += cells[column];
      if (column + 1 < cells.size()) text.append(widths[column] - width(cells[column]) + 2, ' ');
    }
    text.erase(text.find_last_not_of(' ') + 1);
    write(stdout, paint(text, colour));
  };
  line(columns_, Paint::Bold);
  for (const Row& row : rows_) line(row.cells, row.colour);
}

void print(const std::string& line) {
  write(stdout, line);
}
void printJson(const Json& value) {
  write(stdout, dumpJson(value, 2));
}
void printJsonLine(const Json& value) {
  write(stdout, dumpJson(value));
}
void talk(const std::string& line) {
  write(stderr, line);
}

void printProblems(const config::Problems& problems) {
  for (const config::Problem& problem : problems) talk(visible(config::format(problem)));
}

std::string cell(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>() : dumpJson(*found);
}

std::string shortTime(std::string_view rfc3339) {
  std::string text(rfc3339.substr(0, 19));
  if (text.size() == 19) text[10] = ' ';
  return text;
}

}  // namespace junctor::app
