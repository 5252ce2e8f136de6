#include "ollama_bench/machine/link_bandwidth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "support/fake_process_runner.h"
#include "support/temporary_folder.h"
#include "support/test_data.h"

namespace ollama_bench {
namespace {

using Links = std::vector<LinkBandwidth>;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::StartsWith;

Expected<Links, std::string> Read(const std::string& text, const NominalRate& nominal = nullptr) {
  std::istringstream in(text);
  return ReadLinkBandwidth(in, "links.json", nominal);
}

const std::vector<std::string>& Samples() {
  static const auto* const samples =
      new std::vector<std::string>{"nvbandwidth_0_8.json", "nvbandwidth_0_7_verbose.json",
                                   "nccl_all_reduce_1.json", "nccl_all_gather_2_in_place.json"};
  return *samples;
}

std::string Sample(const std::string& name) {
  return ReadTestData("bandwidth/" + name);
}

const LinkBandwidth& Named(const Links& links, const std::string& name) {
  for (const LinkBandwidth& link : links) {
    if (link.name == name) return link;
  }
  ADD_FAILURE() << "no " << name;
  return links.front();
}

TEST(LinkBandwidthTest, OfNvbandwidthItGivesTheFastestPairOfEachTestThatPassed) {
  const auto links = Read(Sample("nvbandwidth_0_8.json"));
  ASSERT_TRUE(links) << links.error();
  EXPECT_EQ(links->size(), 7U) << "one was waived, one failed";
  const LinkBandwidth& peers = Named(*links, "device_to_device_memcpy_read_ce");
  EXPECT_EQ(peers.peak_bandwidth_gb_s, 276.48);
  EXPECT_EQ(peers.latency_microseconds, std::nullopt);
  EXPECT_EQ(peers.efficiency_percent, std::nullopt);
  EXPECT_EQ(peers.source, "links.json");
  EXPECT_EQ(Named(*links, "host_to_device_memcpy_ce").peak_bandwidth_gb_s, 24.71);
  EXPECT_EQ(Named(*links, "device_to_device_bidirectional_memcpy_read_ce").peak_bandwidth_gb_s,
            518.5);
}

TEST(LinkBandwidthTest, NanosecondsOfNvbandwidthAreLatenciesInMicroseconds) {
  const auto links = Read(Sample("nvbandwidth_0_8.json"));
  ASSERT_TRUE(links) << links.error();
  const LinkBandwidth& host = Named(*links, "host_device_latency_sm");
  EXPECT_EQ(host.peak_bandwidth_gb_s, std::nullopt);
  EXPECT_NEAR(host.latency_microseconds.value(), 0.80721, 1e-9);
}

TEST(LinkBandwidthTest, OfNcclTestsItGivesTheBusBandwidthAndTheTimeOfTheSmallestMessage) {
  const auto links = Read(Sample("nccl_all_reduce_1.json"));
  ASSERT_TRUE(links) << links.error();
  ASSERT_EQ(links->size(), 1U);
  EXPECT_EQ(links->front().name, "all_reduce_perf");
  EXPECT_NEAR(links->front().peak_bandwidth_gb_s.value(), 157.3479, 1e-6);
  EXPECT_NEAR(links->front().latency_microseconds.value(), 17.84 * 0.99, 1e-6);
}

TEST(LinkBandwidthTest, NcclTestsMayHaveMeasuredInPlaceOnly) {
  const auto links = Read(Sample("nccl_all_gather_2_in_place.json"));
  ASSERT_TRUE(links) << links.error();
  EXPECT_EQ(links->front().name, "all_gather_perf");
  EXPECT_NEAR(links->front().peak_bandwidth_gb_s.value(), 157.3479, 1e-6);
  EXPECT_NEAR(links->front().latency_microseconds.value(), 18.02 * 0.99, 1e-4)
      << "the smallest message gave no number";
}

TEST(LinkBandwidthTest, TheEfficiencyIsAgainstTheNominalRateOfTheTest) {
  const NominalRate nominal = [](const std::string& test) {
    return test.starts_with("device_to_device") ? std::optional<double>(300) : std::nullopt;
  };
  const auto links = Read(Sample("nvbandwidth_0_8.json"), nominal);
  ASSERT_TRUE(links) << links.error();
  EXPECT_NEAR(Named(*links, "device_to_device_memcpy_read_ce").efficiency_percent.value(), 92.16,
              1e-9);
  EXPECT_EQ(Named(*links, "host_to_device_memcpy_ce").efficiency_percent, std::nullopt);
  EXPECT_EQ(Named(*links, "device_to_device_latency_sm").efficiency_percent, std::nullopt);
}

TEST(LinkBandwidthTest, AFileCutOffAnywhereIsRefusedWithItsLine) {
  for (const std::string& name : Samples()) {
    const std::string whole = Sample(name);
    const std::size_t last = whole.find_last_of('}');
    for (std::size_t size = 0; size <= whole.size(); ++size) {
      const auto links = Read(whole.substr(0, size));
      ASSERT_EQ(links.has_value(), size > last) << name << " cut off after " << size;
      if (links) continue;
      const auto lines = std::count(whole.begin(), whole.begin() + static_cast<long>(size), '\n');
      int line = 0;
      ASSERT_EQ(std::sscanf(links.error().c_str(), "links.json:%d: ", &line), 1) << links.error();
      ASSERT_GE(line, 1);
      ASSERT_LE(line, lines + 1) << links.error();
      ASSERT_GE(line, lines) << links.error();
    }
  }
}

TEST(LinkBandwidthTest, AnyDamagedByteIsTakenOrRefusedWithItsLine) {
  for (const std::string& name : Samples()) {
    const std::string whole = Sample(name);
    for (std::size_t at = 0; at < whole.size(); ++at) {
      for (const char byte : {'\0', '"', '[', '}', '9', '-', '\xFF'}) {
        std::string damaged = whole;
        damaged[at] = byte;
        const auto links = Read(damaged);
        if (links) continue;
        ASSERT_THAT(links.error(), MatchesRegex("links\\.json:[0-9]+: .+"));
      }
    }
  }
}

struct Fault {
  std::string before;
  std::string after;
  std::string error;
};

std::string Replaced(std::string text, const std::string& before, const std::string& after) {
  const std::size_t at = text.find(before);
  EXPECT_NE(at, std::string::npos) << before;
  return at == std::string::npos ? text : text.replace(at, before.size(), after);
}

TEST(LinkBandwidthTest, WrongTypesInNvbandwidthsReportAreRefusedWithTheirLine) {
  const std::string whole = R"json({"nvbandwidth": {
  "testcases": [
    {"name": "a",
     "status": "Passed",
     "bandwidth_description": "x (GB/s)",
     "bandwidth_matrix": [
       ["N/A", "1.5"],
       ["2.5", "N/A"]]}]
}
}
)json";
  ASSERT_EQ(Read(whole).value().front().peak_bandwidth_gb_s, 2.5);
  for (const Fault& fault : std::vector<Fault>{
           {"\"testcases\"", "\"tests\"", "1: the object that begins here lacks \"testcases\""},
           {"\"a\"", "7", "3: \"name\" is a number, not a string"},
           {"\"Passed\"", "null", "4: \"status\" is null, not a string"},
           {"\"x (GB/s)\"", "[]", "5: \"bandwidth_description\" is a list, not a string"},
           {"(GB/s)", "(GiB/s)", "5: 'x (GiB/s)' names neither GB/s nor ns"},
           {"[\"N/A\", \"1.5\"]", "true",
            "7: a row of \"bandwidth_matrix\" is a boolean, not a list"},
           {"\"2.5\"", "\"2.5x\"",
            "8: a value of \"bandwidth_matrix\" is '2.5x', not a number of 0 or more"},
           {"\"2.5\"", "\"-2.5\"",
            "8: a value of \"bandwidth_matrix\" is '-2.5', not a number of 0 or more"},
           {"\"2.5\"", "\"inf\"",
            "8: a value of \"bandwidth_matrix\" is 'inf', not a number of 0 or more"},
           {"\"2.5\"", "{}",
            "8: a value of \"bandwidth_matrix\" is an object, not a number of 0 or more"},
           {"\"Passed\"", "\"Waived\"", "2: no test passed and gave a figure"},
           {"{\"name\"", "5, {\"name\"", "3: a test case is a number, not an object"},
           {"\"testcases\"", "\"error\": \"no CUDA device\", \"testcases\"",
            "2: nvbandwidth reports an error: no CUDA device"},
       }) {
    const auto links = Read(Replaced(whole, fault.before, fault.after));
    ASSERT_FALSE(links) << fault.error;
    EXPECT_EQ(links.error(), "links.json:" + fault.error);
  }
}

TEST(LinkBandwidthTest, WrongTypesInNcclTestsReportAreRefusedWithTheirLine) {
  const std::string whole = R"json({"version": 1, "nccl_version": 22703,
 "results": [
  {"size": 8,
   "out_of_place": {"time": 10.5,
     "alg_bw": 1, "bus_bw": 2,
     "nwrong": 0},
   "in_place": null}]}
)json";
  const Links links = Read(whole).value();
  EXPECT_EQ(links.front().name, "nccl-tests");
  EXPECT_EQ(links.front().latency_microseconds, 10.5);
  for (const Fault& fault : std::vector<Fault>{
           {"[\n", "5}\n", "2: \"results\" is a number, not a list"},
           {"\"size\"", "\"sizes\"", "3: the object that begins here lacks \"size\""},
           {"8", "\"8\"", "3: \"size\" is a string, not a number"},
           {"10.5", "-1", "4: time is -1, not a number of 0 or more"},
           {"\"time\"", "\"cpu_time\"",
            "4: holds CPU times instead of transfer times; run it without -C"},
           {"\"bus_bw\"", "\"busbw\"", "4: the object that begins here lacks \"bus_bw\""},
           {"2,", "[2],", "5: bus_bw is a list, not a number of 0 or more"},
           {"\"nwrong\": 0", "\"nwrong\": 3", "6: 3 values arrived wrong"},
           {"null", "[]", "7: a result is a list, not an object"},
           {"2,", "0,", "2: no result gives a bandwidth"},
       }) {
    std::string text = Replaced(whole, fault.before, fault.after);
    if (fault.after == "5}\n") text = text.substr(0, text.find("5}") + 2);
    const auto read = Read(text);
    ASSERT_FALSE(read) << fault.error;
    EXPECT_EQ(read.error(), "links.json:" + fault.error);
  }
}

TEST(LinkBandwidthTest, OtherFilesAreRefused) {
  for (const std::string& text :
       {std::string("{}"), std::string("[]"), std::string("7"), std::string("null"),
        std::string(R"({"results": []})"), std::string(R"({"nvbandwidth": 5})")}) {
    EXPECT_EQ(Read(text).error(), "links.json:1: is neither of nvbandwidth -j nor of nccl-tests -J")
        << text;
  }
  EXPECT_EQ(Read("").error(), "links.json:1: is empty");
  EXPECT_EQ(Read(" \n\n").error(), "links.json:1: is empty");
  EXPECT_THAT(Read("size time\n8 5\n").error(), StartsWith("links.json:1: is not JSON"));
  EXPECT_EQ(Read(std::string(100'000, '[')).error(), "links.json:1: is nested too deeply");
  EXPECT_THAT(Read(std::string(17 * 1024 * 1024, ' ')).error(),
              StartsWith("links.json:1: is larger than"));
}

/// nvbandwidth stands on PATH, but is not run.
class RunNvbandwidthTest : public testing::Test {
 protected:
  RunNvbandwidthTest() : before_(std::getenv("PATH")) {
    folder_.Write("nvbandwidth", "#!/bin/sh\n");
    std::filesystem::permissions(folder_ / "nvbandwidth", std::filesystem::perms::owner_all);
    setenv("PATH", folder_.path().c_str(), 1);
  }
  ~RunNvbandwidthTest() override { setenv("PATH", before_.c_str(), 1); }

  Expected<Links, std::string> Ask(ProcessOutcome::End end, const std::string& output, int code) {
    ProcessOutcome outcome;
    outcome.end = end;
    outcome.exit_code = code;
    outcome.stdout_tail = output;
    outcome.stderr_tail = code == 0 ? "" : "no device\n";
    runner_.outcomes = {outcome};
    return RunNvbandwidth(runner_, StopRequest());
  }

  TemporaryFolder folder_;
  std::string before_;
  FakeProcessRunner runner_;
};

TEST_F(RunNvbandwidthTest, ReadsWhatTheProgramPrints) {
  const auto links = Ask(ProcessOutcome::End::kExited, Sample("nvbandwidth_0_8.json"), 0);
  ASSERT_TRUE(links) << links.error();
  EXPECT_EQ(links->size(), 7U);
  EXPECT_EQ(links->front().source, "nvbandwidth");
  ASSERT_EQ(runner_.requests.size(), 1U);
  EXPECT_EQ(runner_.requests[0].argv,
            (std::vector<std::string>{(folder_ / "nvbandwidth").string(), "-j"}));
}

TEST_F(RunNvbandwidthTest, ReportsWhyThereIsNoResult) {
  using End = ProcessOutcome::End;
  EXPECT_EQ(Ask(End::kInterrupted, "", 0).error(), "stopped");
  EXPECT_THAT(Ask(End::kTimedOut, "", 0).error(), HasSubstr("has not ended after 10.0 min"));
  EXPECT_THAT(Ask(End::kNotStarted, "", 0).error(), HasSubstr("cannot be started"));
  EXPECT_THAT(Ask(End::kSignaled, "", 0).error(), HasSubstr("ended by signal"));
  EXPECT_EQ(Ask(End::kExited, "", 1).error(),
            "nvbandwidth ended with exit code 1: no device; its output: nvbandwidth:1: is empty");
  const std::string whole = Sample("nvbandwidth_0_8.json");
  EXPECT_THAT(Ask(End::kExited, whole.substr(100), 0).error(), HasSubstr("nvbandwidth -j > FILE"));
  setenv("PATH", "/nowhere", 1);
  EXPECT_THAT(RunNvbandwidth(runner_, StopRequest()).error(), HasSubstr("is not on PATH"));
}

}  // namespace
}  // namespace ollama_bench
