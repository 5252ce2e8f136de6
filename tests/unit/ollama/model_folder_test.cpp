#include "ollama_bench/ollama/model_folder.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "support/folder_state.h"
#include "support/temporary_folder.h"

namespace ollama_bench {
namespace {

namespace fs = std::filesystem;

// Root may read everything; a test of permissions acts as somebody else.
class AsNobody {
 public:
  AsNobody() : is_root_(geteuid() == 0) {
    if (!is_root_) return;
    groups_.resize(static_cast<std::size_t>(getgroups(0, nullptr)));
    (void)getgroups(static_cast<int>(groups_.size()), groups_.data());
    Require(setgroups(0, nullptr));
    Require(setegid(65534));
    Require(seteuid(65534));
  }
  ~AsNobody() {
    if (!is_root_) return;
    Require(seteuid(0));
    Require(setegid(0));
    Require(setgroups(groups_.size(), groups_.data()));
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  static void Require(int result) {
    if (result != 0) std::abort();
  }

  bool is_root_;
  std::vector<gid_t> groups_;
};

std::string Digest(char digit) {
  return std::string(64, digit);
}

// A model of one weights blob and a config.
void AddModel(const fs::path& folder, const std::string& manifest, char digit) {
  fs::create_directories(folder / "blobs");
  fs::create_directories((folder / "manifests" / manifest).parent_path());
  for (const char each : {digit, 'c'}) {
    std::ofstream(folder / "blobs" / ("sha256-" + Digest(each))) << "bytes of " << each;
  }
  std::ofstream(folder / "manifests" / manifest)
      << R"({"schemaVersion":2,"config":{"digest":"sha256:)" << Digest('c')
      << R"("},"layers":[{"digest":"sha256:)" << Digest(digit) << R"("}]})";
}

class ModelFolderTest : public testing::Test {
 protected:
  ModelFolderTest() {
    fs::permissions(temporary_.path(), fs::perms(0755));
    AddModel(folder_, "registry.ollama.ai/library/smollm2/latest", 'a');
    AddModel(folder_, "registry.ollama.ai/library/smollm2/q8", 'b');
    AddModel(folder_, "example.org/Someone/big.model/7b", 'd');
  }
  std::string MirrorError(const std::string& model) const {
    const auto mirrored = MirrorModels(folder_, {model}, into_);
    return mirrored ? "" : mirrored.error();
  }
  std::string FindError(const ModelFolderPlaces& places) const {
    const auto found = FindModelFolder(places);
    return found ? "found " + found->string() : found.error();
  }

  TemporaryFolder temporary_;
  const fs::path folder_ = temporary_ / "models";
  const fs::path into_ = temporary_ / "mirror";
};

TEST_F(ModelFolderTest, TheNamedFolderComesFirstThenTheVariablesThenTheUsualOnes) {
  std::vector<fs::path> folders;
  for (const char* name : {"1", "2", "3", "4", "5"}) {
    folders.push_back(temporary_ / name);
    AddModel(folders.back(), "registry.ollama.ai/library/x/latest", 'a');
  }
  ModelFolderPlaces places{folders[0], folders[1], folders[2], {folders[3], folders[4]}};
  EXPECT_EQ(FindModelFolder(places), folders[0]);
  places.named.reset();
  for (std::size_t i = 1; i < folders.size(); ++i) {
    EXPECT_EQ(FindModelFolder(places), folders[i]);
    fs::remove_all(folders[i] / "blobs");
  }
  EXPECT_EQ(FindError(places), "no folder of models found (looked at " + folders[1].string() +
                                   ", " + folders[2].string() + ", " + folders[3].string() + ", " +
                                   folders[4].string() + "); name it with --models DIR");
}

TEST_F(ModelFolderTest, TheUsualFoldersAreTheUsersAndTheServices) {
  EXPECT_EQ(UsualModelFolders("/home/u"),
            (std::vector<fs::path>{"/home/u/.ollama/models", "/usr/share/ollama/.ollama/models"}));
  EXPECT_EQ(UsualModelFolders("").size(), 1U);
}

TEST_F(ModelFolderTest, AVariableIsReadAsOllamaReadsIt) {
  EXPECT_EQ(FindModelFolder({{}, " '" + folder_.string() + "' ", "", {}}), folder_);
}

TEST_F(ModelFolderTest, ANamedFolderWithoutModelsIsNotReplacedByAnother) {
  EXPECT_EQ(
      FindError({temporary_ / "no", "", "", {folder_}}),
      (temporary_ / "no").string() + " is no folder of models: it has no manifests and blobs");
}

TEST_F(ModelFolderTest, AFolderThatMayNotBeReadIsNamedWithItsOwnerAndTheFix) {
  fs::create_directories(temporary_ / "service");
  fs::rename(folder_, temporary_ / "service" / "models");
  for (const auto& [mode, fix] : std::map<int, std::string>{
           {0050, "its group may: sudo usermod -aG "}, {0000, "run as its owner: sudo -u "}}) {
    fs::permissions(temporary_ / "service", fs::perms(mode));
    std::string error;
    {
      const AsNobody nobody;
      error = FindError({{}, "", "", {temporary_ / "service" / "models"}});
    }
    EXPECT_NE(error.find(fix), std::string::npos) << error;
    EXPECT_NE(error.find((temporary_ / "service").string() + " belongs to "), std::string::npos)
        << error;
    fs::permissions(temporary_ / "service", fs::perms(0755));
  }
}

TEST_F(ModelFolderTest, BlobsThatMayNotBeListedAreDeniedToo) {
  fs::permissions(folder_ / "blobs", fs::perms(0));
  const AsNobody nobody;
  const std::string error = FindError({{}, "", "", {folder_}});
  EXPECT_NE(error.find((folder_ / "blobs").string() + " belongs to"), std::string::npos) << error;
}

TEST_F(ModelFolderTest, BlobsOfTheOldNamingAreRefusedWithTheRemedy) {
  std::ofstream(folder_ / "blobs" / ("sha256:" + Digest('e'))) << "x";
  const std::string error = FindError({folder_, "", "", {}});
  EXPECT_NE(error.find("sha256:eeeeeee…"), std::string::npos) << error;
  EXPECT_NE(error.find("start the server that owns it once by hand"), std::string::npos) << error;
}

TEST_F(ModelFolderTest, AMirrorHoldsTheManifestsOfItsModelsAndLinksToTheirBlobs) {
  const auto mirrored =
      MirrorModels(folder_, {"SmolLM2", "example.org/someone/big.model:7b"}, into_);
  ASSERT_TRUE(mirrored) << mirrored.error();
  std::set<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(into_)) {
    if (!entry.is_directory()) files.insert(entry.path().lexically_relative(into_));
  }
  EXPECT_EQ(files, (std::set<std::string>{
                       "manifests/registry.ollama.ai/library/smollm2/latest",
                       "manifests/example.org/Someone/big.model/7b", "blobs/sha256-" + Digest('a'),
                       "blobs/sha256-" + Digest('c'), "blobs/sha256-" + Digest('d')}));
  EXPECT_EQ(fs::read_symlink(into_ / "blobs" / ("sha256-" + Digest('a'))),
            folder_ / "blobs" / ("sha256-" + Digest('a')));
  EXPECT_FALSE(fs::is_symlink(into_ / "manifests/registry.ollama.ai/library/smollm2/latest"));
}

// As a server would that prunes, renames or removes: all that it finds on its own paths.
TEST_F(ModelFolderTest, WhateverHappensToAMirrorTheUsersFolderStaysAsItWas) {
  const auto before = FolderState(temporary_ / "models");
  ASSERT_TRUE(MirrorModels(folder_, {"smollm2", "smollm2:q8"}, into_));
  ASSERT_TRUE(MirrorModels(folder_, {"smollm2"}, into_)) << "again, into the same";
  EXPECT_EQ(FolderState(temporary_ / "models"), before);
  std::ofstream(into_ / "manifests/registry.ollama.ai/library/smollm2/latest") << "overwritten";
  const fs::path blob = into_ / "blobs" / ("sha256-" + Digest('a'));
  fs::rename(blob, into_ / "blobs" / "renamed");
  fs::remove(into_ / "blobs" / ("sha256-" + Digest('c')));
  fs::remove_all(into_);
  EXPECT_EQ(FolderState(temporary_ / "models"), before);
}

TEST_F(ModelFolderTest, AMissingModelIsNamedWithItsNeighbourAndAllThatAreThere) {
  EXPECT_EQ(MirrorError("smolm2"),
            folder_.string() +
                " has no model smolm2; did you mean smollm2:latest? It has "
                "example.org/Someone/big.model:7b, smollm2:latest, smollm2:q8");
  for (int i = 10; i < 40; ++i) {
    AddModel(folder_, "registry.ollama.ai/library/m" + std::to_string(i) + "/latest", 'a');
  }
  const std::string error = MirrorError("nothing-like-it");
  EXPECT_TRUE(error.ends_with("m28:latest and 13 more")) << error;
}

TEST_F(ModelFolderTest, AMissingOrUnreadableBlobIsNamed) {
  const fs::path blob = folder_ / "blobs" / ("sha256-" + Digest('b'));
  fs::permissions(blob, fs::perms(0));
  {
    fs::create_directory(into_);
    fs::permissions(into_, fs::perms(0777));
    const AsNobody nobody;
    const std::string error = MirrorError("smollm2:q8");
    EXPECT_NE(error.find(blob.string() + " belongs to"), std::string::npos) << error;
  }
  fs::remove(blob);
  EXPECT_EQ(MirrorError("smollm2:q8"),
            blob.string() +
                " is missing, of smollm2:q8; pull the model again: ollama pull "
                "smollm2:q8");
}

TEST_F(ModelFolderTest, AManifestThatNamesAnotherFileIsRefused) {
  std::ofstream(folder_ / "manifests/registry.ollama.ai/library/smollm2/q8")
      << R"({"layers":[{"digest":"sha256:../../../../etc/passwd"}]})";
  EXPECT_NE(MirrorError("smollm2:q8").find("names a blob by no SHA-256"), std::string::npos);
  std::ofstream(folder_ / "manifests/registry.ollama.ai/library/smollm2/q8") << "no JSON";
  EXPECT_NE(MirrorError("smollm2:q8").find("is no manifest of a model"), std::string::npos);
}

TEST_F(ModelFolderTest, AMirrorInTheModelsOwnFolderIsRefused) {
  EXPECT_FALSE(MirrorModels(folder_, {"smollm2"}, folder_));
  EXPECT_FALSE(MirrorModels(folder_, {"smollm2"}, folder_ / "mirror"));
  EXPECT_FALSE(fs::exists(folder_ / "mirror"));
}

}  // namespace
}  // namespace ollama_bench
