#include "yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <array>
#include <sstream>

#include "ollama_bench/core/text.h"

namespace ollama_bench {
namespace {

constexpr std::size_t kDeepest = 64;
constexpr const char* kTooDeep = "too deep";

// Turns the parser's events into a tree.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const std::filesystem::path& file, ErrorList& errors)
      : file_(file), errors_(errors) {}

  YamlNode TakeRoot() { return std::move(root_); }
  [[nodiscard]] const YAML::Mark& start() const { return start_; }

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Check(mark, {}, anchor);
    Append(Node(YamlNode::Kind::kNull, mark));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    Refuse(mark, "an alias (*) is not allowed here", "write the value itself");
    Append(Node(YamlNode::Kind::kNull, mark));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Check(mark, tag, anchor);
    YamlNode node = Node(YamlNode::Kind::kScalar, mark);
    node.text = value;
    node.quoted = tag == "!";
    Append(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    Open(YamlNode::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    Open(YamlNode::Kind::kMap, mark, tag, anchor);
  }
  void OnMapEnd() override { Close(); }

 private:
  static YamlNode Node(YamlNode::Kind kind, const YAML::Mark& mark) {
    YamlNode node;
    node.kind = kind;
    node.line = mark.line + 1;
    return node;
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    // The only way to end the parser early is to throw through it.
    if (open_.size() == kDeepest) throw YAML::ParserException(mark, kTooDeep);
    Check(mark, tag, anchor);
    open_.push_back(Node(kind, mark));
  }

  void Close() {
    YamlNode node = std::move(open_.back());
    open_.pop_back();
    Append(std::move(node));
  }

  void Append(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    YamlNode& parent = open_.back();
    const bool is_key =
        parent.kind == YamlNode::Kind::kMap && parent.keys.size() == parent.items.size();
    (is_key ? parent.keys : parent.items).push_back(std::move(node));
  }

  void Check(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) {
      Refuse(mark, "an anchor (&) is not allowed here", "take it out");
    }
    // The parser itself marks plain nodes with "?" and quoted ones with "!".
    if (!tag.empty() && tag != "?" && tag != "!") {
      Refuse(mark, fmt::format("the tag {} is not allowed here", Shown(tag)), "take it out");
    }
  }

  void Refuse(const YAML::Mark& mark, std::string message, std::string remedy) {
    errors_.AddSyntax(file_, mark.line + 1, mark.column + 1, std::move(message), std::move(remedy));
  }

  const std::filesystem::path& file_;
  ErrorList& errors_;
  std::vector<YamlNode> open_;
  YamlNode root_;
  YAML::Mark start_;
};

struct Wording {
  std::string_view reason;  // as yaml-cpp, or the builder, puts it
  std::string_view message;
  std::string_view remedy;
};

const std::array kWordings = {
    Wording{kTooDeep, "more than 64 levels of nesting", "take brackets or indentation out"},
    Wording{YAML::ErrorMsg::DOC_IN_SCALAR, "a quoted text before this line has no end",
            "close its quote"},
    Wording{YAML::ErrorMsg::UNKNOWN_ANCHOR, "an alias (*) is not allowed here",
            "write the value itself"},
    Wording{YAML::ErrorMsg::MAP_VALUE, "a colon is not allowed here",
            "check the indentation, or put the text in quotes"},
    Wording{YAML::ErrorMsg::TAB_IN_INDENTATION, "a tab is used for indentation",
            "indent with blanks"},
    Wording{YAML::ErrorMsg::END_OF_MAP_FLOW, "a { has no matching }", "close it"},
    Wording{YAML::ErrorMsg::END_OF_SEQ_FLOW, "a [ has no matching ]", "close it"},
    Wording{YAML::ErrorMsg::UNKNOWN_TOKEN, "a character that cannot begin a value",
            "put the text in quotes"},
};

void AddSyntaxError(const YAML::Exception& exception, const std::filesystem::path& file,
                    ErrorList& errors) {
  Wording wording{{}, {}, "check the indentation, colons, quotes and brackets here"};
  const std::string reason = "this is not YAML: " + Shown(exception.msg);
  wording.message = reason;
  for (const Wording& known : kWordings) {
    if (known.reason == exception.msg) wording = known;
  }
  errors.AddSyntax(file, exception.mark.line + 1, exception.mark.column + 1,
                   std::string(wording.message), std::string(wording.remedy));
}

// Line breaks as YAML counts them; yaml-cpp does not know a carriage return alone.
std::string WithUnixLineBreaks(std::string_view text) {
  std::string unix_text;
  unix_text.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r') {
      unix_text += text[i];
    } else if (i + 1 == text.size() || text[i + 1] != '\n') {
      unix_text += '\n';
    }
  }
  return unix_text;
}

// YAML forbids them, and yaml-cpp takes 0x04 for the end of the file.
bool HoldsControlCharacters(std::string_view text, const std::filesystem::path& file,
                            ErrorList& errors) {
  bool found = false;
  int line = 1;
  std::size_t line_start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\n') {
      ++line;
      line_start = i + 1;
    } else if ((byte < 0x20 && byte != '\t') || byte == 0x7F) {
      found = true;
      errors.AddSyntax(file, line, static_cast<int>(i - line_start) + 1,
                       fmt::format("the control character 0x{:02x} is not allowed", byte),
                       "take it out");
    }
  }
  return found;
}

}  // namespace

std::optional<YamlNode> ParseYaml(std::string_view text, const std::filesystem::path& file,
                                  ErrorList& errors) {
  std::string document = WithUnixLineBreaks(text);
  if (HoldsControlCharacters(document, file, errors)) return std::nullopt;
  // Without an explicit end yaml-cpp takes a quoted text that is never closed for a whole one.
  if (!document.ends_with('\n')) document += '\n';
  document += "...\n";
  TreeBuilder builder(file, errors);
  try {
    std::istringstream stream(document);
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    YamlNode root = builder.TakeRoot();
    // At most once more: on a stray comma yaml-cpp finds documents without end.
    if (parser.HandleNextDocument(builder)) {
      errors.AddSyntax(file, builder.start().line + 1, builder.start().column + 1,
                       "a second document begins here", "keep one document in a file");
      return std::nullopt;
    }
    if (!errors.empty()) return std::nullopt;
    return root;
  } catch (const YAML::Exception& exception) {
    AddSyntaxError(exception, file, errors);
    return std::nullopt;
  }
}

}  // namespace ollama_bench
