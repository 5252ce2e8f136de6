#include "ollama_bench/render/svg.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ollama_bench/core/text.h"
#include "ollama_bench/render/heatmap_scene.h"
#include "support/sample_tables.h"
#include "support/scene_checks.h"
#include "support/xml_check.h"

namespace ollama_bench {
namespace {

constexpr const char* kHostileName =
    "</text><script>alert(\"x\" & 'y')</script>\x1b[2J]]>\xFF&amp;<!--";

Scene HostileScene() {
  const auto font = Font::Load();
  SweepCaption caption;
  caption.model = kHostileName;
  ResultTable table = MakeTable(20, 9, true);
  for (CellState& state : table.states) {
    if (auto* failed = std::get_if<Failed>(&state)) failed->message = kHostileName;
  }
  return LayOutHeatmap(table, AnswerOf(table), caption, DefaultColormap(), *font);
}

TEST(XmlCheckTest, RefusesWhatIsNotWellFormed) {
  EXPECT_TRUE(XmlReader::Read("<a b=\"1\"><c/>&amp;</a>\n"));
  for (const char* bad : {"<a>", "<a></b>", "<a b=1/>", "<a b=\"1\" b=\"2\"/>", "<a>&</a>",
                          "<a/><b/>", "<a><</a>", "<a b=\"<\"/>", "text", "<a/>text"}) {
    EXPECT_FALSE(XmlReader::Read(bad)) << bad;
  }
}

TEST(SvgTest, IsWellFormedWithHostileNames) {
  const std::string svg = RenderSvg(HostileScene());
  EXPECT_TRUE(XmlReader::Read(svg));
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  for (const char c : svg) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

TEST(SvgTest, HasOneTitlePerCellAndOneForAll) {
  const Scene scene = HostileScene();
  const auto elements = XmlReader::Read(RenderSvg(scene));
  ASSERT_TRUE(elements);
  std::vector<std::string> titles;
  for (const XmlElement& element : *elements) {
    if (element.name == "title") titles.push_back(Unescaped(element.text));
  }
  std::vector<std::string> expected = {scene.title};
  for (const RectangleShape& cell : CellsOf(scene)) expected.push_back(cell.title);
  EXPECT_EQ(titles, expected);
}

TEST(SvgTest, KeepsTextAsTextOfTheLengthThatWasLaidOut) {
  const Scene scene = HostileScene();
  const auto elements = XmlReader::Read(RenderSvg(scene));
  ASSERT_TRUE(elements);
  std::vector<XmlElement> texts;
  std::copy_if(elements->begin(), elements->end(), std::back_inserter(texts),
               [](const XmlElement& element) { return element.name == "text"; });
  const auto shapes = ShapesOf<TextShape>(scene);
  ASSERT_EQ(texts.size(), shapes.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(Unescaped(texts[i].text), shapes[i].text);
    EXPECT_NEAR(std::stod(texts[i].attributes.at("textLength")), shapes[i].width, 0.0051);
    EXPECT_NEAR(std::stod(texts[i].attributes.at("x")), shapes[i].position.x, 0.0051);
    EXPECT_EQ(texts[i].attributes.contains("transform"), shapes[i].upwards);
  }
}

}  // namespace
}  // namespace ollama_bench
