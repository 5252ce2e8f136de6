// A log survives every way of being cut off, and refuses what is damaged.
#include "ollama_bench/store/request_log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "support/fake_clock.h"
#include "support/faulty_file_system.h"
#include "support/memory_file_system.h"
#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

std::string IfObject(std::string_view line) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  return json.is_object() ? "" : "is no record";
}

class RequestLogTest : public testing::Test {
 protected:
  Expected<RequestLog, StoreError> Open(FileSystem& files) {
    read_.clear();
    return RequestLog::Open(files, path_, clock_, "--output", [this](std::string_view line) {
      read_.emplace_back(line);
      return IfObject(line);
    });
  }
  static std::string Record(int i) { return "{\"id\":" + std::to_string(i) + ",\"t\":\"x\"}"; }

  TemporaryFolder folder_;
  std::filesystem::path path_ = folder_.path() / "log.jsonl";
  FakeClock clock_;
  MemoryFileSystem memory_;
  std::vector<std::string> read_;
};

TEST_F(RequestLogTest, HoldsWhatWasAppendedAndNoFileBeforeThat) {
  {
    auto log = Open(memory_);
    ASSERT_TRUE(log) << log.error().message;
    EXPECT_TRUE(memory_.files.empty());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(log->Append(Record(i)));
  }
  ASSERT_TRUE(Open(memory_));
  EXPECT_EQ(read_, (std::vector<std::string>{Record(0), Record(1), Record(2)}));
}

TEST_F(RequestLogTest, CutAtAnyByteItKeepsTheWholeRecordsAndGoesOn) {
  const std::string whole = Record(0) + "\n" + Record(1) + "\n" + Record(2) + "\n";
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    MemoryFileSystem files;
    files.Save(path_, whole.substr(0, length));
    std::size_t kept = 0;
    {
      auto log = Open(files);
      ASSERT_TRUE(log) << length << log.error().message;
      kept = log->records();
      // A record whose line end alone is missing is whole.
      const std::size_t size = Record(0).size() + 1;
      EXPECT_EQ(kept, (length + 1) / size) << length;
      EXPECT_EQ(log->was_torn(), length % size != 0 && (length + 1) % size != 0) << length;
      ASSERT_TRUE(log->Append(Record(9)));
    }
    ASSERT_TRUE(Open(files)) << length;
    ASSERT_EQ(read_.size(), kept + 1) << length;
    EXPECT_EQ(read_.back(), Record(9));
    EXPECT_TRUE(files.TextOf(path_).ends_with("}\n"));
  }
}

TEST_F(RequestLogTest, ADamagedLineIsRefusedWithItsNumberAndTheFileStays) {
  for (const char* damage : {"", "[1]", "{\"id\":", "\x01"}) {
    const std::string text = Record(0) + "\n" + damage + "\n" + Record(2) + "\n";
    memory_.Save(path_, text);
    const auto log = Open(memory_);
    ASSERT_FALSE(log) << damage;
    EXPECT_EQ(log.error().kind, StoreError::Kind::kDamaged);
    EXPECT_NE(log.error().message.find(":2: "), std::string::npos) << log.error().message;
    EXPECT_EQ(memory_.TextOf(path_), text);
  }
  // A last line that is JSON was written by somebody else; it is no cut record.
  memory_.Save(path_, Record(0) + "\n[1]");
  EXPECT_FALSE(Open(memory_));
}

TEST_F(RequestLogTest, TwoProcessesDoNotWriteOneLog) {
  const auto first = Open(memory_);
  ASSERT_TRUE(first);
  const auto second = Open(memory_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, StoreError::Kind::kLocked);
  EXPECT_NE(second.error().message.find("--output"), std::string::npos);
}

TEST_F(RequestLogTest, SyncsAtMostOncePerSecondAndWhenAsked) {
  FaultyFileSystem files(memory_);
  auto log = Open(files);
  ASSERT_TRUE(log);
  const auto syncs = [&] { return std::count(files.trace.begin(), files.trace.end(), "Sync"); };
  for (int i = 0; i < 30; ++i) {
    clock_.Advance(std::chrono::milliseconds(100));
    ASSERT_TRUE(log->Append(Record(i)));
  }
  EXPECT_GE(syncs(), 2);
  EXPECT_LE(syncs(), 3);
  const auto before = syncs();
  clock_.Advance(std::chrono::seconds(2));
  ASSERT_TRUE(log->SyncIfDue());
  EXPECT_EQ(syncs(), before + 1) << "of what was appended last";
  ASSERT_TRUE(log->Sync());
  EXPECT_EQ(syncs(), before + 1) << "nothing is new";
}

// Whatever call fails, once or for good: what Append reported as kept is there, nothing is twice.
TEST_F(RequestLogTest, AFailedCallLosesNothingThatWasKept) {
  for (const int error : {ENOSPC, Fault::kShortWrite}) {
    for (const bool after_effect : {false, true}) {
      for (int call = 0; call < 40; ++call) {
        MemoryFileSystem memory;
        FaultyFileSystem files(memory);
        files.fault.error = error;
        files.fault.after_effect = after_effect;
        std::vector<std::string> kept;
        {
          auto log = Open(files);
          ASSERT_TRUE(log);
          files.fault.first_call = files.calls + call;
          for (int i = 0; i < 6; ++i) {
            clock_.Advance(std::chrono::milliseconds(700));
            const auto size = log->records();
            const auto done = log->Append(Record(i));
            if (log->records() > size) kept.push_back(Record(i));
            EXPECT_TRUE(!done || log->records() == size + 1);
          }
        }
        files.fault = {};
        ASSERT_TRUE(Open(memory)) << call;
        // A last one that was written before its call reported an error is there as well.
        if (after_effect && read_.size() == kept.size() + 1) read_.pop_back();
        EXPECT_EQ(read_, kept) << "error " << error << " at call " << call;
      }
    }
  }
}

TEST_F(RequestLogTest, KeepsTheRecordsThatAreWantedAndAppendsBehindThem) {
  memory_.Save(path_, Record(0) + "\n" + Record(1) + "\n" + Record(2) + "\n{\"cut");
  {
    auto log = Open(memory_);
    ASSERT_TRUE(log);
    int n = 0;
    ASSERT_TRUE(log->Keep([&n](std::string_view) { return n++ != 1; }));
    EXPECT_EQ(log->records(), 2U);
    ASSERT_TRUE(log->Append(Record(7)));
  }
  ASSERT_TRUE(Open(memory_));
  EXPECT_EQ(read_, (std::vector<std::string>{Record(0), Record(2), Record(7)}));
}

TEST_F(RequestLogTest, OnDiskItIsTheSame) {
  PosixFileSystem files;
  {
    auto log = Open(files);
    ASSERT_TRUE(log);
    ASSERT_TRUE(log->Append(Record(0)));
    ASSERT_TRUE(log->Append(Record(1)));
    ASSERT_TRUE(log->Sync());
  }
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 3);
  {
    auto log = Open(files);
    ASSERT_TRUE(log);
    EXPECT_TRUE(log->was_torn());
    ASSERT_TRUE(log->Append(Record(2)));
    std::filesystem::remove(path_);
    EXPECT_FALSE(log->Sync()) << "somebody removed it";
  }
}

}  // namespace
}  // namespace ollama_bench
