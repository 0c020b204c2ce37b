// Atlassian Document Format (developer.atlassian.com, "Document structure"): what Jira's REST API
// v3 wants for text. A line becomes a paragraph and back; of richer documents the text is taken.
#include "mapping/forms.h"

namespace junctor::mapping {
namespace {

Value typed(std::string_view type) {
  return Value::object({{"type", Value::text(std::string(type))}});
}

std::string_view typeOf(const Value& node) {
  const Value* type = node.find("type");
  return type ? std::string_view(type->asText()) : std::string_view();
}

std::string attribute(const Value& node, std::string_view key) {
  const Value* attributes = node.find("attrs");
  const Value* found = attributes ? attributes->find(key) : nullptr;
  return found ? found->asText() : std::string();
}

bool isInline(const Value& node) {
  const auto type = typeOf(node);
  return type == "text" || type == "hardBreak" || type == "mention" || type == "emoji" ||
         type == "inlineCard" || type == "date" || type == "status";
}

std::string inlineText(const Value& node) {
  const auto type = typeOf(node);
  if (type == "hardBreak") return "\n";
  if (type == "emoji") return attribute(node, "shortName");
  if (type == "inlineCard") return attribute(node, "url");
  if (type == "date") return attribute(node, "timestamp");
  if (type != "text") return attribute(node, "text");
  const Value* text = node.find("text");
  return text ? text->asText() : std::string();
}

// Depth is bounded by the parser's limit.
void collect(std::string& out, bool& first_block, const Value& node) {
  if (isInline(node)) {
    out += inlineText(node);
    return;
  }
  const Value* content = node.find("content");
  const bool leaf = !content || content->items().empty() || isInline(content->items().front());
  if (leaf) {
    if (!first_block) out += '\n';
    first_block = false;
  }
  if (!content) return;
  for (const Value& child : content->items()) collect(out, first_block, child);
}

}  // namespace

Value adfOfText(std::string_view text) {
  Value paragraphs = Value::array();
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    Value content = Value::array();
    if (end > start) {
      Value run = typed("text");
      run.set("text", Value::text(std::string(text.substr(start, end - start))));
      content.items().push_back(std::move(run));
    }
    Value paragraph = typed("paragraph");
    paragraph.set("content", std::move(content));
    paragraphs.items().push_back(std::move(paragraph));
    start = end + 1;
  }
  Value document = typed("doc");
  document.set("version", Value::integer(1));
  document.set("content", std::move(paragraphs));
  return document;
}

Result<Value> textOfAdf(const Value& document) {
  if (document.isText()) return document;  // webhooks and API v2 carry text
  if (typeOf(document) != "doc") return invalidArgument("is neither text nor a document");
  const Value* content = document.find("content");
  std::string out;
  bool first_block = true;
  if (content) {
    for (const Value& block : content->items()) collect(out, first_block, block);
  }
  return Value::text(std::move(out));
}

}  // namespace junctor::mapping
