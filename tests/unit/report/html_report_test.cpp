#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "chapters.h"
#include "support/report_sources.h"
#include "support/xml_check.h"

namespace ollama_bench {
namespace {

constexpr std::string_view kDocumentType = "<!DOCTYPE html>\n";

std::string Html(const std::vector<ReportSource>& sources) {
  const auto font = Font::Load();
  return RenderHtmlReport(sources, {{}, "today"}, *font);
}

// Its elements; none where it is not well-formed.
std::vector<XmlElement> Elements(const std::string& html) {
  EXPECT_TRUE(html.starts_with(kDocumentType));
  return XmlReader::Read(std::string_view(html).substr(kDocumentType.size()))
      .value_or(std::vector<XmlElement>());
}

std::vector<XmlElement> Named(const std::vector<XmlElement>& elements, std::string_view name) {
  std::vector<XmlElement> found;
  std::copy_if(elements.begin(), elements.end(), std::back_inserter(found),
               [&](const XmlElement& element) { return element.name == name; });
  return found;
}

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

ReportedPrompts HostilePrompts() {
  ReportedPrompts prompts = PromptsOfTest(20);
  prompts.name = prompts.caption.model = prompts.config.model = kHostileText;
  for (SlowPrompt& slow : prompts.summary.slowest) slow.id = kHostileText;
  return prompts;
}

std::vector<ReportSource> AllKinds() {
  return {ChangingSweep(), LargeSweep(12, 9), ThreeAxes(),
          LoadSweep(),     ScaleSweep(),      PromptsOfTest()};
}

TEST(HtmlReportTest, IsWellFormedWhateverTheTextsOfTheResultsSay) {
  for (const std::vector<ReportSource>& sources :
       {AllKinds(), std::vector<ReportSource>{HostileSweep()},
        std::vector<ReportSource>{HostileSweep(), HostilePrompts()}}) {
    const std::string html = Html(sources);
    const auto elements = Elements(html);
    ASSERT_FALSE(elements.empty());
    EXPECT_EQ(Named(elements, "script").size(), 1U);
    EXPECT_TRUE(Named(elements, "img").empty());
    for (const char c : html) {
      ASSERT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << static_cast<int>(c);
    }
  }
}

TEST(HtmlReportTest, NamesNothingOutsideItself) {
  std::vector<ReportSource> sources = AllKinds();
  sources.emplace_back(HostileSweep());
  for (const XmlElement& element : Elements(Html(sources))) {
    for (const auto& [name, value] : element.attributes) {
      const bool is_reference = name == "href" || name == "src" || name == "data" ||
                                name == "action" || name == "srcset" || name.starts_with("on");
      if (!is_reference) continue;
      EXPECT_TRUE(value.starts_with("#") || value == "data:,") << element.name << " " << value;
    }
    if (element.name == "style") {
      EXPECT_FALSE(Has(element.text, "url(") || Has(element.text, "@import")) << element.text;
    }
  }
}

TEST(HtmlReportTest, IdsOfSeveralPicturesAreUniqueAndTheirStylesBoundToThem) {
  const auto elements = Elements(Html(AllKinds()));
  std::set<std::string> ids;
  std::size_t pictures = 0;
  std::string id;
  for (const XmlElement& element : elements) {
    const auto found = element.attributes.find("id");
    if (found != element.attributes.end()) {
      EXPECT_TRUE(ids.insert(found->second).second) << found->second;
    }
    if (element.name == "svg") {
      ++pictures;
      id = found->second;
    }
    if (element.name != "style" || id.empty()) continue;
    for (auto at = element.text.find('{'); at != std::string::npos;
         at = element.text.find('{', at + 1)) {
      const auto begin = element.text.find_last_of("{}", at == 0 ? 0 : at - 1);
      const std::string selector =
          element.text.substr(begin == std::string::npos ? 0 : begin + 1, at - begin - 1);
      EXPECT_TRUE(Has(selector, "#" + id + " ") || Has(selector, "@media")) << selector;
    }
  }
  EXPECT_GE(pictures, 6U);
}

TEST(HtmlReportTest, TheVerdictIsTheFirstWordOfTheAnswerAndItsLinesCanBeCopied) {
  const auto elements = Elements(Html({ChangingSweep()}));
  const auto answer = std::find_if(elements.begin(), elements.end(), [](const auto& element) {
    const auto found = element.attributes.find("class");
    return found != element.attributes.end() && found->second == "answer";
  });
  ASSERT_NE(answer, elements.end());
  EXPECT_EQ((answer + 1)->name, "strong");
  EXPECT_EQ((answer + 1)->text, "CHANGE");
  EXPECT_TRUE(answer->text.find("recommended: num_ctx=") != std::string::npos) << answer->text;
  const auto copied = Named(elements, "pre");
  ASSERT_EQ(copied.size(), 1U);
  EXPECT_TRUE(Has(copied.front().text, "PARAMETER num_batch 1024")) << copied.front().text;
}

TEST(HtmlReportTest, ReplayedFiguresAreMarkedAtTheTitleAndExplained) {
  ReportedSweep sweep = ChangingSweep();
  EXPECT_FALSE(Has(Html({sweep}), "REPLAYED"));
  sweep.metadata.replayed = sweep.caption.replayed = true;
  const std::string html = Html({sweep});
  EXPECT_TRUE(Has(html, "<strong class=\"badge\">REPLAYED</strong>"));
  EXPECT_TRUE(Has(html, "these numbers come from a recording."));
}

TEST(HtmlReportTest, SeveralFilesHaveContentsWithTheAnswerOfEach) {
  ReportedSweep other = ThreeAxes();
  other.name = "other.json";
  const auto elements = Elements(Html({ChangingSweep(), other}));
  std::set<std::string> ids;
  for (const XmlElement& element : elements) {
    const auto found = element.attributes.find("id");
    if (found != element.attributes.end()) ids.insert(found->second);
  }
  std::vector<std::string> links;
  for (const XmlElement& link : Named(elements, "a")) {
    links.push_back(link.attributes.at("href"));
    EXPECT_TRUE(ids.contains(links.back().substr(1))) << links.back();
  }
  EXPECT_EQ(links, (std::vector<std::string>{"#file-1", "#file-2"}));
  EXPECT_EQ(Named(Elements(Html({ChangingSweep()})), "nav").size(), 0U);
}

TEST(HtmlReportTest, EveryCellOfALargeSweepIsARowAndThePageStaysSmall) {
  const std::string html = Html({LargeSweep()});
  EXPECT_LT(html.size(), 1'000'000U);
  EXPECT_TRUE(Has(html, "All cells (799 rows)"));
  EXPECT_TRUE(Has(html, "Cells that failed ("));
}

TEST(HtmlReportTest, LoadShowsItsLevelsAndWhatTheMachineDid) {
  const std::string html = Html({LoadSweep()});
  for (const char* text : {"Carries 4 users", "TTFT s p95", "GPU power, W", "J per token",
                           "GPU of a test", "Many users:", "The knee is the largest concurrency"}) {
    EXPECT_TRUE(Has(html, text)) << text;
  }
  EXPECT_FALSE(Has(html, "GPU slowed")) << "no GPU says so";
}

TEST(HtmlReportTest, ScaleShowsTheLawAndPromptsTheirDistributions) {
  EXPECT_TRUE(Has(Html({ScaleSweep()}), "a prompt of n tokens takes a + b n + c n^2"));
  const std::string html = Html({PromptsOfTest()});
  EXPECT_TRUE(Has(html, "100 of 100 requests answered"));
  EXPECT_TRUE(Has(html, "p95 [95 % CI]"));
}

TEST(HtmlReportTest, MemoryOfAContextIsReportedOfCellsThatDifferInItAlone) {
  const auto advice = [](const std::vector<Cell>& cells) {
    std::vector<CellResult> results;
    for (const Cell& cell : cells) {
      results.push_back(ResultWithRates(cell, {100}));
      Sample& sample = results.back().samples.front();
      sample.load_id = 1;
      sample.size_bytes = 1'000'000LL * cell[Parameter::kNumCtx];
      sample.size_vram_bytes = 0;
    }
    return Html({SweepOf(std::move(results))});
  };
  EXPECT_FALSE(Has(advice({{1000, 128}, {2000, 256}}), "for 1,000 tokens of context"));
  EXPECT_TRUE(Has(advice({{1000, 128}, {2000, 128}, {4000, 256}}),
                  "with num_batch 128 the model took 1.0 GB at num_ctx 1000 and 2.0 GB at 2000: "
                  "1.0 GB for 1,000 tokens of context."));
}

TEST(HtmlReportTest, ResultsWithoutAnyValueHaveAPage) {
  ReportedSweep sweep =
      SweepOf({FailedResult({2048, 256}, FailureKind::kOutOfMemory, "no memory")});
  const std::string html = Html({sweep});
  EXPECT_FALSE(Elements(html).empty());
  EXPECT_TRUE(Has(html, "NO ANSWER"));
}

TEST(SplitVerdictTest, CutsTheCapitalsOffAndKeepsSentencesWithoutAVerdictWhole) {
  const auto split = [](const char* sentence) {
    const Verdicts answer = SplitVerdict(sentence);
    return answer.verdict + "|" + answer.sentence;
  };
  EXPECT_EQ(split("CHANGE: recommended: a"), "CHANGE|recommended: a");
  EXPECT_EQ(split("KEEP the current setting"), "KEEP|the current setting");
  EXPECT_EQ(split("NO ANSWER: the loads"), "NO ANSWER|the loads");
  EXPECT_EQ(split("UNDECIDED for each request: GPU 0"), "UNDECIDED|for each request: GPU 0");
  EXPECT_EQ(split("Carries 4 users"), "|Carries 4 users");
  EXPECT_EQ(split(""), "|");
}

}  // namespace
}  // namespace ollama_bench
