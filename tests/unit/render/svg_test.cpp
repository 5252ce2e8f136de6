#include "svg.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "ollama_bench/core/text.h"
#include "ollama_bench/render/heatmap_scene.h"
#include "support/sample_maps.h"
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
  SweepMap map = MakeMap(20, 9, true);
  map.notes = {kHostileName};
  for (MapCell& cell : map.cells) {
    if (cell.failure) cell.message = kHostileName;
  }
  return LayOutHeatmap(Only(map), caption, {}, *font);
}

TEST(XmlCheckTest, RefusesWhatIsNotWellFormed) {
  EXPECT_TRUE(XmlReader::Read("<a b=\"1\"><c/>&amp;</a>\n"));
  for (const char* bad : {"<a>", "<a></b>", "<a b=1/>", "<a b=\"1\" b=\"2\"/>", "<a>&</a>",
                          "<a/><b/>", "<a><</a>", "<a b=\"<\"/>", "text", "<a/>text"}) {
    EXPECT_FALSE(XmlReader::Read(bad)) << bad;
  }
}

TEST(SvgTest, IsWellFormedWithHostileNames) {
  const std::string svg = RenderSvg(HostileScene(), std::nullopt);
  EXPECT_TRUE(XmlReader::Read(svg));
  EXPECT_EQ(svg.find("<script"), std::string::npos);
  for (const char c : svg) EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20);
}

TEST(SvgTest, HasOneTitlePerCellAndOneForAll) {
  const Scene scene = HostileScene();
  const auto elements = XmlReader::Read(RenderSvg(scene, std::nullopt));
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
  const auto elements = XmlReader::Read(RenderSvg(scene, std::nullopt));
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
  }
}

TEST(SvgTest, FollowsTheReadersSettingAndIsLightWhereAViewerKnowsNone) {
  const Scene scene = HostileScene();
  const std::string svg = RenderSvg(scene, std::nullopt);
  EXPECT_NE(svg.find("@media (prefers-color-scheme: dark) { .f0 { fill: #"), std::string::npos);
  EXPECT_NE(svg.find("fill=\"#ffffff\" class=\"f"), std::string::npos) << "the paper";
  const auto elements = XmlReader::Read(svg);
  ASSERT_TRUE(elements);
  std::size_t i = 0;
  const auto shapes = ShapesOf<TextShape>(scene);
  for (const XmlElement& element : *elements) {
    if (element.name != "text") continue;
    const Ink& ink = shapes[i++].color;
    EXPECT_TRUE(element.attributes.contains("fill"));
    EXPECT_EQ(element.attributes.contains("class"), ink.light != ink.dark);
  }
}

TEST(SvgTest, HasTheColorsOfOneThemeAloneWhereThatIsAskedFor) {
  const Scene scene = HostileScene();
  const std::string dark = RenderSvg(scene, Theme::kDark);
  const std::string light = RenderSvg(scene, Theme::kLight);
  for (const std::string& svg : {dark, light}) {
    EXPECT_TRUE(XmlReader::Read(svg));
    EXPECT_EQ(svg.find("@media"), std::string::npos);
    EXPECT_EQ(svg.find("class="), std::string::npos);
  }
  EXPECT_NE(light.find("fill=\"#ffffff\"/>"), std::string::npos);
  EXPECT_NE(dark.find("fill=\"#15181d\"/>"), std::string::npos);
}

TEST(SvgTest, DrawsPathsWithDashes) {
  Scene scene{10, 10, "", {}};
  scene.shapes.emplace_back(
      PathShape{{{{1, 2}, {3, 4}}, {{5, 6}, {7, 8.5}}}, true, std::nullopt, Stroke{Rgb(1), 2, 3}});
  const std::string svg = RenderSvg(scene, Theme::kLight);
  EXPECT_NE(svg.find("d=\"M1 2L3 4ZM5 6L7 8.5Z\" fill=\"none\" stroke=\"#000001\" "
                     "stroke-width=\"2\" stroke-dasharray=\"3\""),
            std::string::npos)
      << svg;
}

}  // namespace
}  // namespace ollama_bench
