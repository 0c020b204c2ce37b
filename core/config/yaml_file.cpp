// The only file that sees yaml-cpp. Its event interface is used, not its node tree: the tree would
// take the first of two equal keys without a word and read 012 as 10.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <sstream>

#include "base/bytes.h"
#include "base/files.h"
#include "base/limits.h"
#include "config/node.h"

namespace junctor::config {
namespace {

int lineOf(const YAML::Mark& mark) {
  return mark.line + 1;
}

Node makeNode(Node::Kind kind, const YAML::Mark& mark) {
  Node node;
  node.kind = kind;
  node.line = lineOf(mark);
  return node;
}

// Builds Nodes from parse events. After the first structural problem the rest is ignored.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const std::string& file, Problems& problems) : file_(file), problems_(problems) {}

  Node take() { return std::move(root_); }
  bool failed() const { return failed_; }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (accept(mark, "", anchor)) add(makeNode(Node::Kind::Null, mark));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fail(mark, "aliases (*name) are not read here: write the value out");
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (!accept(mark, tag, anchor)) return;
    Node node = makeNode(Node::Kind::Scalar, mark);
    node.text = value;
    node.plain = tag == "?";
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    if (accept(mark, tag, anchor)) open(mark, makeNode(Node::Kind::List, mark));
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    if (accept(mark, tag, anchor)) open(mark, makeNode(Node::Kind::Map, mark));
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    bool key_next = true;  // Map: the next scalar is a key
    bool repeated = false;
  };

  void fail(const YAML::Mark& mark, std::string text) {
    if (!failed_) problems_.push_back({file_, lineOf(mark), path(), std::move(text)});
    failed_ = true;
  }

  bool accept(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (failed_) return false;
    if (anchor != 0) {
      fail(mark, "anchors (&name) are not read here: write the value out");
    } else if (!tag.empty() && tag != "?" && tag != "!") {
      fail(mark, "tags (" + tag + ") are not read here");
    } else if (++nodes_ > limits::kConfigNodesMax) {
      fail(mark, "more than " + std::to_string(limits::kConfigNodesMax) + " values in one file");
    } else if (open_.size() >= limits::kConfigDepthMax) {
      fail(mark, "nested deeper than " + std::to_string(limits::kConfigDepthMax));
    }
    return !failed_;
  }

  bool expectsKey() const {
    return !open_.empty() && open_.back().node.kind == Node::Kind::Map && open_.back().key_next;
  }

  void open(const YAML::Mark& mark, Node node) {
    if (expectsKey()) {
      fail(mark, "a key must be a plain word");
      return;
    }
    open_.push_back({std::move(node)});
  }

  void close() {
    if (failed_) return;
    Node done = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(done));
  }

  void addKey(Node key) {
    Open& map = open_.back();
    const auto same = std::find_if(map.node.members.begin(), map.node.members.end(),
                                   [&](const Node::Member& m) { return m.key == key.text; });
    map.repeated = same != map.node.members.end();
    map.key_next = false;
    const int first_line = map.repeated ? same->line : 0;
    map.node.members.push_back({std::move(key.text), key.line, {}});
    if (!map.repeated) return;
    // The rest of the file is checked all the same: the second value gets a slot that is dropped.
    problems_.push_back({file_, key.line, path(),
                         "duplicate key (first on line " + std::to_string(first_line) + ")"});
  }

  void add(Node node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (expectsKey()) {
      addKey(std::move(node));
    } else if (Open& parent = open_.back(); parent.node.kind == Node::Kind::List) {
      parent.node.items.push_back(std::move(node));
    } else {
      parent.node.members.back().value = std::move(node);
      if (parent.repeated) parent.node.members.pop_back();
      parent.key_next = true;
    }
  }

  std::string path() const {
    Place place;
    for (const Open& level : open_) {
      if (level.node.kind == Node::Kind::List) {
        place = place.index(level.node.items.size());
      } else if (!level.key_next && !level.node.members.empty()) {
        place = place.key(level.node.members.back().key);
      }
    }
    return place.path;
  }

  const std::string& file_;
  Problems& problems_;
  Node root_;
  std::vector<Open> open_;
  size_t nodes_ = 0;
  bool failed_ = false;
};

}  // namespace

bool parseYaml(std::string_view text, const std::string& file, Node& root, Problems& problems) {
  const size_t before = problems.size();
  if (!validUtf8(text) || text.find('\0') != std::string_view::npos) {
    problems.push_back({file, 0, "", "not UTF-8 text"});
    return false;
  }
  TreeBuilder builder(file, problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    TreeBuilder second(file, problems);
    if (!builder.failed() && parser.HandleNextDocument(second)) {
      problems.push_back({file, 0, "", "more than one document: keep one, without '---' between"});
    }
  } catch (const YAML::Exception& e) {
    problems.push_back(
        {file, e.mark.is_null() ? 0 : lineOf(e.mark), "", "not valid YAML: " + e.msg});
  } catch (const std::exception& e) {
    problems.push_back({file, 0, "", std::string("not readable as YAML: ") + e.what()});
  }
  root = builder.take();
  return problems.size() == before;
}

bool readYaml(const std::string& file, Node& root, Problems& problems) {
  const auto text = readFile(file, limits::kConfigFileBytesMax);
  if (!text) {
    problems.push_back({file, 0, "", "cannot be read: " + text.error().message});
    return false;
  }
  return parseYaml(*text, file, root, problems);
}

}  // namespace junctor::config
