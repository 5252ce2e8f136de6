#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "ollama_bench/render/scene.h"

// A report as values: what it says, apart from how HTML and Markdown write it. Texts are plain.
namespace ollama_bench {

enum class Tone { kPlain, kGood, kWarning, kQuiet };

/// Each line is a paragraph of its own.
struct Paragraph {
  std::string text;
  Tone tone = Tone::kPlain;
};

/// An answer, its verdict as the first word.
struct Verdicts {
  std::string verdict;  ///< "CHANGE"; empty where the sentence has none
  std::string sentence;
  Tone tone = Tone::kPlain;
};

/// Lines to be copied.
struct Copyable {
  std::string text;
};

/// A figure that is to be seen at a glance.
struct Tile {
  std::string label;
  std::string value;
  std::string detail;  ///< may be empty
};
struct Tiles {
  std::vector<Tile> tiles;
};

/// Names with their values.
struct Facts {
  std::vector<std::pair<std::string, std::string>> rows;
};

/// Sentences, each under its topic, which may be empty.
struct Points {
  std::vector<std::pair<std::string, std::string>> points;
};

struct Table {
  std::string title;
  std::vector<std::string> headings;
  std::vector<std::vector<std::string>> rows;  ///< at most as long as the headings
};

struct Drawing {
  std::string name;  ///< of what it shows
  Scene scene;
};

struct Block;

/// Shown when the reader opens it.
struct Fold {
  std::string title;
  std::vector<Block> blocks;
};

struct Block {
  using Content =
      std::variant<Paragraph, Verdicts, Copyable, Tiles, Facts, Points, Table, Drawing, Fold>;

  template <class Part>
  explicit Block(Part part) : content(std::in_place_type<Part>, std::move(part)) {}

  Content content;
};

template <class Part>
std::vector<Block> Only(Part part) {
  std::vector<Block> blocks;
  blocks.emplace_back(std::move(part));
  return blocks;
}

struct Section {
  std::string title;
  std::vector<Block> blocks;
};

/// What is said of one file.
struct Chapter {
  std::string title;
  std::string file;
  std::vector<std::string> details;  ///< phrases below the title
  std::vector<std::string> badges;   ///< what every figure of it is subject to: "REPLAYED"
  std::vector<Block> answer;         ///< before all else
  std::vector<Section> sections;     ///< without blocks: left out
};

struct Document {
  std::string title;
  std::string made;
  std::vector<Chapter> chapters;
};

}  // namespace ollama_bench
