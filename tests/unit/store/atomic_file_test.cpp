#include "ollama_bench/store/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

void Replace(const fs::path& path, std::string_view text) {
  PosixFileSystem files;
  auto file = AtomicFile::Open(files, path);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(file->Write(text));
  const auto stamp = file->Flush();
  ASSERT_TRUE(stamp);
  ASSERT_TRUE(file->Commit());
  EXPECT_EQ(files.Stat(path)->stamp, *stamp) << "the stamp is the one before the rename";
}

std::size_t FilesIn(const TemporaryFolder& folder) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()));
}

TEST(AtomicFileTest, ReplacesTheWholeText) {
  const TemporaryFolder folder;
  Replace(folder / "f", "first and long");
  Replace(folder / "f", "second");
  EXPECT_EQ(folder.Read("f"), "second");
  EXPECT_EQ(FilesIn(folder), 1U);
}

TEST(AtomicFileTest, LeavesTheOldTextWithoutACommit) {
  const TemporaryFolder folder;
  folder.Write("f", "old");
  {
    PosixFileSystem files;
    auto file = AtomicFile::Open(files, folder / "f");
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->Write("new"));
    ASSERT_TRUE(file->Flush());
  }
  EXPECT_EQ(folder.Read("f"), "old");
  EXPECT_EQ(FilesIn(folder), 1U);
}

TEST(AtomicFileTest, KeepsThePermissionsOfTheOldFile) {
  const TemporaryFolder folder;
  folder.Write("f", "old");
  for (const mode_t mode : {0600U, 0664U, 0444U}) {
    ASSERT_EQ(chmod((folder / "f").c_str(), mode), 0);
    Replace(folder / "f", "new");
    EXPECT_EQ(PosixFileSystem().Stat(folder / "f")->permissions, mode);
  }
}

TEST(AtomicFileTest, ANewFileObeysTheUmask) {
  const TemporaryFolder folder;
  const mode_t before = umask(027);
  Replace(folder / "f", "new");
  umask(before);
  EXPECT_EQ(PosixFileSystem().Stat(folder / "f")->permissions, 0640U);
}

TEST(AtomicFileTest, ALinkStaysALinkAndItsTargetIsReplaced) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "data");
  fs::create_symlink("data/second", folder / "first");
  fs::create_symlink(folder / "data/target", folder / "data/second");
  for (const char* text : {"created through the link", "replaced"}) {
    Replace(folder / "first", text);
    EXPECT_TRUE(fs::is_symlink(folder / "first"));
    EXPECT_EQ(folder.Read("data/target"), text);
  }
  EXPECT_EQ(FilesIn(folder), 2U);
}

TEST(AtomicFileTest, TakesOverWhatAKilledRunLeft) {
  const TemporaryFolder folder;
  folder.Write(".f.ollama-bench-tmp", "a long half of something");
  Replace(folder / "f", "new");
  EXPECT_EQ(folder.Read("f"), "new");
  EXPECT_EQ(FilesIn(folder), 1U);
}

TEST(AtomicFileTest, RefusesWhatIsNoRegularFile) {
  const TemporaryFolder folder;
  PosixFileSystem files;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  fs::create_directory(folder / "folder");
  fs::create_symlink("round", folder / "round");
  EXPECT_EQ(AtomicFile::Open(files, folder / "pipe").error().code, ENOTSUP);
  EXPECT_EQ(AtomicFile::Open(files, folder / "folder").error().code, ENOTSUP);
  EXPECT_EQ(AtomicFile::Open(files, folder / "round").error().code, ELOOP);
  EXPECT_EQ(AtomicFile::Open(files, folder / "none/f").error().code, ENOENT);
}

TEST(PosixFileSystemTest, ReadsOnlyRegularFiles) {
  const TemporaryFolder folder;
  PosixFileSystem files;
  ASSERT_EQ(mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(files.Read(folder / "pipe").error().code, ENOTSUP) << "and does not wait for a writer";
  EXPECT_EQ(files.Read(folder.path()).error().code, EISDIR);
  EXPECT_EQ(files.Read(folder / "none").error().code, ENOENT);
}

TEST(PosixFileSystemTest, ReadsEveryByte) {
  const TemporaryFolder folder;
  PosixFileSystem files;
  for (const std::size_t size : {0U, 1U, 4095U, 4096U, 1'000'000U}) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7);
    folder.Write("f", text);
    const auto file = files.Read(folder / "f");
    ASSERT_TRUE(file);
    EXPECT_EQ(file->text, text);
    EXPECT_EQ(file->stamp, files.Stat(folder / "f")->stamp);
  }
}

TEST(PosixFileSystemTest, TheStampShowsAReplacementAndAnEditInPlace) {
  const TemporaryFolder folder;
  PosixFileSystem files;
  folder.Write("f", "a");
  const FileStamp first = files.Stat(folder / "f")->stamp;
  Replace(folder / "f", "b");
  const FileStamp second = files.Stat(folder / "f")->stamp;
  EXPECT_NE(first.inode, second.inode);
  folder.Write("f", "longer");
  EXPECT_NE(files.Stat(folder / "f")->stamp, second);
}

}  // namespace
}  // namespace ollama_bench
