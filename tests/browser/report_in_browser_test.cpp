// Reports as a person sees them, in a real Chromium.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ollama_bench/report/report.h"
#include "support/browser.h"
#include "support/report_sources.h"
#include "support/temporary_folder.h"

namespace ollama_bench::testing {
namespace {

using Json = Browser::Json;

constexpr int kPhone = 360;
constexpr int kDesk = 1600;

/// All tests share one browser, for its start is dear.
class ReportInBrowserTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { browser_ = std::make_unique<Browser>(); }
  static void TearDownTestSuite() { browser_.reset(); }

  static std::map<std::string, std::vector<ReportSource>> AllKinds() {
    ReportedSweep replayed = ChangingSweep();
    replayed.metadata.replayed = replayed.caption.replayed = true;
    ReportedSweep one_axis = LargeSweep(6, 1);
    return {{"flat", {ChangingSweep()}},
            {"large", {LargeSweep()}},
            {"axes", {ThreeAxes()}},
            {"line", {one_axis}},
            {"load", {LoadSweep()}},
            {"scale", {ScaleSweep()}},
            {"prompts", {PromptsOfTest()}},
            {"replayed", {replayed}},
            {"hostile", {HostileSweep()}},
            {"several", {ChangingSweep(), LoadSweep(), PromptsOfTest()}}};
  }

  void Open(const std::vector<ReportSource>& sources) {
    const auto font = Font::Load();
    html_ = RenderHtmlReport(sources, {{}, "today"}, *font);
    folder_.Write("report.html", html_);
    browser_->Open(folder_ / "report.html");
  }

  static std::string Text(const std::string& expression) {
    return browser_->Evaluate(expression).get<std::string>();
  }

  // That no script and nothing else failed, and nothing but the page was asked for.
  static void ExpectQuiet() {
    for (const char* method :
         {"Log.entryAdded", "Runtime.exceptionThrown", "Runtime.consoleAPICalled"}) {
      for (const Json& event : browser_->Events(method)) ADD_FAILURE() << method << event.dump(1);
    }
    const auto requests = browser_->Events("Network.requestWillBeSent");
    ASSERT_EQ(requests.size(), 1U);
    EXPECT_TRUE(requests.front()["request"]["url"].get<std::string>().starts_with("file://"));
  }

  // Nothing reaches beyond the right edge of the window.
  static void ExpectFits() {
    const Json widths = browser_->Evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]");
    EXPECT_LE(widths[0], widths[1]);
  }

  static std::unique_ptr<Browser> browser_;
  TemporaryFolder folder_;
  std::string html_;
};
std::unique_ptr<Browser> ReportInBrowserTest::browser_;

TEST_F(ReportInBrowserTest, EveryKindFitsPhoneAndDeskInBothThemesAndLoadsNothing) {
  for (const auto& [name, sources] : AllKinds()) {
    SCOPED_TRACE(name);
    browser_->Show(kPhone, "light");
    Open(sources);
    ExpectFits();
    EXPECT_EQ(Text("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
    // Of the notes: a badge has one colour in both themes.
    const std::string fill =
        "getComputedStyle([...document.querySelectorAll('svg text')].pop()).fill";
    const std::string ink = Text(fill);
    browser_->Show(kDesk, "dark");
    ExpectFits();
    EXPECT_EQ(Text("getComputedStyle(document.body).backgroundColor"), "rgb(21, 24, 29)");
    EXPECT_NE(Text(fill), ink);
    EXPECT_TRUE(browser_->Evaluate("window.broken === undefined").get<bool>());
    ExpectQuiet();
  }
}

TEST_F(ReportInBrowserTest, EveryKindIsWellFormedToAParserOfXml) {
  for (const auto& [name, sources] : AllKinds()) {
    Open(sources);
    EXPECT_TRUE(browser_
                    ->Evaluate("new DOMParser().parseFromString(" + Json(html_).dump() +
                               ", 'application/xhtml+xml').querySelector('parsererror') === null")
                    .get<bool>())
        << name;
  }
}

TEST_F(ReportInBrowserTest, APictureOnAPhoneScrollsWithinItsFrameInsteadOfShrinkingAway) {
  browser_->Show(kPhone, "light");
  Open({LargeSweep()});
  const Json widths =
      browser_->Evaluate("(f => [f.scrollWidth, f.clientWidth])(document.querySelector('figure'))");
  EXPECT_GT(widths[0], 2 * widths[1].get<int>());
  EXPECT_LE(widths[1], kPhone);
}

TEST_F(ReportInBrowserTest, ACellOfAPictureHasAHoverTitle) {
  browser_->Show(kDesk, "light");
  Open({LargeSweep()});
  EXPECT_EQ(browser_->Evaluate("[...document.querySelectorAll('svg rect title')]"
                               ".filter(t => t.textContent.includes('num_ctx')).length"),
            47 * 17);
}

TEST_F(ReportInBrowserTest, AClickOnAHeadingSortsByItAndAnotherTurnsTheOrder) {
  browser_->Show(kDesk, "light");
  Open({LargeSweep()});
  const std::string click =
      "[...document.querySelectorAll('table.sortable')].filter(t => t.rows.length > 790)[0]"
      ".tHead.rows[0].cells[2].querySelector('button').click()";
  const std::string values =
      "[...[...document.querySelectorAll('table.sortable')].filter(t => t.rows.length > 790)[0]"
      ".tBodies[0].rows].map(r => parseFloat(r.cells[2].textContent)).filter(v => !isNaN(v))";
  browser_->Evaluate(click);
  auto ascending = browser_->Evaluate(values).get<std::vector<double>>();
  EXPECT_GT(ascending.size(), 500U);
  EXPECT_TRUE(std::is_sorted(ascending.begin(), ascending.end()));
  browser_->Evaluate(click);
  const auto descending = browser_->Evaluate(values).get<std::vector<double>>();
  EXPECT_TRUE(std::is_sorted(descending.rbegin(), descending.rend()));
  ExpectQuiet();
}

TEST_F(ReportInBrowserTest, WithoutScriptsAllOfItCanBeRead) {
  browser_->Show(kDesk, "light");
  browser_->Call("Emulation.setScriptExecutionDisabled", {{"value", true}});
  Open({ChangingSweep()});
  const std::string answer = Text("document.querySelector('.answer').innerText");
  const Json rows = browser_->Evaluate("document.querySelectorAll('tbody tr').length");
  const Json buttons = browser_->Evaluate("document.querySelectorAll('button').length");
  browser_->Call("Emulation.setScriptExecutionDisabled", {{"value", false}});
  EXPECT_TRUE(answer.starts_with("CHANGE")) << answer;
  EXPECT_GT(rows, 10);
  EXPECT_EQ(buttons, 0) << "they would do nothing";
}

TEST_F(ReportInBrowserTest, OnPaperItIsLightAndWhatIsFoldedIsOpen) {
  browser_->Show(kDesk, "dark");
  Open({LargeSweep()});
  const Json pdf = browser_->Call("Page.printToPDF", {{"printBackground", true}});
  EXPECT_TRUE(pdf["data"].get<std::string>().starts_with("JVBERi0")) << "%PDF- in Base64";
  EXPECT_TRUE(browser_->Evaluate("[...document.querySelectorAll('details')].every(d => d.open)")
                  .get<bool>());
  browser_->Call("Emulation.setEmulatedMedia", {{"media", "print"}});
  EXPECT_EQ(Text("getComputedStyle(document.body).backgroundColor"), "rgb(255, 255, 255)");
  ExpectQuiet();
}

}  // namespace
}  // namespace ollama_bench::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  constexpr int kSkipped = 77;
  if (ollama_bench::testing::Browser::Program().empty()) {
    std::puts("SKIPPED: there is no chromium (Debian: apt install chromium)");
    return kSkipped;
  }
  return RUN_ALL_TESTS();
}
