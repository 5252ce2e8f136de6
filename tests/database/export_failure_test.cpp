#include <sys/mount.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "export_fixture.h"

namespace ollama_bench::testing {
namespace {

namespace fs = std::filesystem;

class ExportFailureTest : public ExportFixture {
 protected:
  void SetUp() override { WriteResults(20); }

  // Exit code 3, one line that holds the texts, and no password.
  void ExpectRefused(const Program& program, const std::vector<std::string>& texts,
                     int exit_code = 3) const {
    const Ended ended = RunProgram(program);
    EXPECT_EQ(ended.exit_code, exit_code) << ended.err;
    EXPECT_EQ(ended.out, "");
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
    for (const std::string& text : texts) {
      EXPECT_NE(ended.err.find(text), std::string::npos) << text << " in " << ended.err;
    }
    for (const char* secret : {"se:cr", "se%3Acr", "et@1", "wrong-one"}) {
      EXPECT_EQ(ended.err.find(secret), std::string::npos) << ended.err;
    }
  }
};

TEST_F(ExportFailureTest, AWrongPasswordIsNamedAndNotPrinted) {
  const std::string database = server_.NewDatabase();
  ExpectRefused(Export({"--postgres", server_.UrlWithPassword(database, "wrong-one")}),
                {"password authentication failed", "check role and password"});
  Program by_variable = Export({"--postgres", server_.Url(database)});
  by_variable.environment.emplace_back("PGPASSWORD", "wrong-one");
  ExpectRefused(by_variable, {"password authentication failed"});
  ExpectRefused(Export({"--postgres", server_.Url(database)}), {"PGPASSWORD"});
}

TEST_F(ExportFailureTest, PasswordsComeFromUrlVariableFileAndService) {
  const std::string database = server_.NewDatabase();
  EXPECT_EQ(RunProgram(Export({"--postgres", server_.UrlWithPassword(database)})).exit_code, 0);
  folder_.Write("pgpass", "127.0.0.1:*:*:bench:se\\:cr/et@1\n");
  fs::permissions(folder_ / "pgpass", fs::perms::owner_read);
  Program by_file = Export({"--postgres", server_.Url(database)});
  by_file.environment = {{"PGPASSFILE", (folder_ / "pgpass").string()}};
  EXPECT_EQ(RunProgram(by_file).exit_code, 0);
  const std::string url = server_.Url(database);
  const std::string port = url.substr(url.rfind(':') + 1, url.rfind('/') - url.rfind(':') - 1);
  folder_.Write("services", "[bench]\nhost=127.0.0.1\nport=" + port + "\nuser=bench\npassword=" +
                                PostgresServer::kPassword + "\ndbname=" + database + "\n");
  Program by_service = Export({"--postgres", "service=bench"});
  by_service.environment.emplace_back("PGSERVICEFILE", (folder_ / "services").string());
  EXPECT_EQ(RunProgram(by_service).exit_code, 0);
}

TEST_F(ExportFailureTest, WithoutAServerItSaysSo) {
  ExpectRefused(Export({"--postgres", "postgresql://bench:wrong-one@127.0.0.1:1/bench"}),
                {"Connection refused", "no server answers there"});
}

TEST_F(ExportFailureTest, ADatabaseThatIsNotThereIsNamed) {
  ExpectRefused(Export({"--postgres", server_.UrlWithPassword("missing")}),
                {"database \"missing\" does not exist"});
}

TEST_F(ExportFailureTest, AUrlThatIsNoneIsNotPrinted) {
  for (const char* url : {"postgresql://bench:wrong-one%zz@h/d", "postgresql://b:wr/wrong-one@h/d",
                          "postgresql://b:wr@wrong-one@h/d"}) {
    ExpectRefused(Export({"--postgres", url}), {"%40"}, 2);
  }
  ExpectRefused(Export({"--postgres", "nonsense"}), {"missing \"=\""}, 2);
}

TEST_F(ExportFailureTest, NoWrongUsagePrintsAPassword) {
  const std::string url = server_.UrlWithPassword("d", "wrong-one");
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--postgres", url, "--postgres", url},
                                             {"--postgre=" + url},
                                             {url, "--format", "csv"}}) {
    const Ended ended = RunProgram(Export(arguments));
    EXPECT_EQ(ended.exit_code, 2);
    EXPECT_EQ(ended.err.find("wrong-one"), std::string::npos) << ended.err;
  }
}

TEST_F(ExportFailureTest, AFirstSchemaBecomesThePresentOneAndKeepsItsRows) {
  const std::string database = server_.NewDatabase();
  ExpectExported(database);
  const std::string before = server_.Content(database);
  server_.Query(database,
                "DROP VIEW ollama_bench.samples; "
                "DROP INDEX ollama_bench.model_measurements_time_idx, "
                "ollama_bench.model_measurements_benchmark_id_idx, "
                "ollama_bench.device_measurements_time_idx, "
                "ollama_bench.device_measurements_benchmark_id_idx; "
                "DELETE FROM ollama_bench.schema_version WHERE version = 2");
  ExpectExported(database);
  EXPECT_EQ(server_.Content(database), before);
  EXPECT_EQ(RowsOf(database, "samples"), "20");
  EXPECT_EQ(server_.Query(database, "SELECT max(version) FROM ollama_bench.schema_version"), "2");
}

TEST_F(ExportFailureTest, TablesOfAnotherProgramAreRefusedAndKept) {
  const std::string database = server_.NewDatabase();
  server_.Query(database,
                "CREATE SCHEMA ollama_bench; CREATE TABLE ollama_bench.benchmarks (mine integer)");
  ExpectRefused(ExportTo(database), {"holds tables but no version", "rename that schema"});
  EXPECT_EQ(RowsOf(database, "benchmarks"), "0");
}

TEST_F(ExportFailureTest, ANewerSchemaIsRefusedAndKept) {
  const std::string database = server_.NewDatabase();
  ExpectExported(database);
  const std::string before = server_.Content(database);
  server_.Query(database, "INSERT INTO ollama_bench.schema_version VALUES (99, 'later')");
  WriteResults(50);
  ExpectRefused(ExportTo(database), {"version 99", "a newer ollama-bench"});
  EXPECT_EQ(server_.Content(database), before);
}

TEST_F(ExportFailureTest, ARoleWithoutThePrivilegeLearnsWhichItNeeds) {
  const std::string database = server_.NewDatabase();
  server_.Query(database, "CREATE ROLE reader LOGIN PASSWORD 'reader'");
  Program program = Export({"--postgres", server_.Url(database, "reader")});
  program.environment.emplace_back("PGPASSWORD", "reader");
  ExpectRefused(program, {"permission denied", "GRANT CREATE"});
  server_.Query(database, "GRANT CREATE ON DATABASE " + database + " TO reader");
  EXPECT_EQ(RunProgram(program).exit_code, 0);
}

TEST_F(ExportFailureTest, ADatabaseOfAnotherEncodingIsNamed) {
  const std::string database =
      server_.NewDatabase("ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
  ExpectRefused(ExportTo(database), {"ENCODING 'UTF8'"});
}

TEST_F(ExportFailureTest, OnAFullDiskNothingIsWrittenAndTheNextExportIsWhole) {
  const fs::path disk = server_.folder() / "disk";
  fs::create_directory(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=12m") != 0) {
    ASSERT_EQ(std::getenv("CI"), nullptr) << "no file system can be mounted";
    GTEST_SKIP() << "only root may mount a file system";
  }
  server_.Give(disk);
  server_.Query("postgres", "CREATE TABLESPACE small LOCATION '" + disk.string() + "'");
  const std::string database = server_.NewDatabase("TABLESPACE small");
  ExpectExported(database);
  const std::string before = server_.Content(database);
  WriteResults(5000);
  ExpectRefused(ExportTo(database), {"No space left on device", "make room there"});
  EXPECT_EQ(server_.Content(database), before);
  ASSERT_EQ(mount("tmpfs", disk.c_str(), "tmpfs", MS_REMOUNT, "size=200m"), 0);
  ExpectExported(database);
  EXPECT_EQ(RowsOf(database, "model_measurements"), "5071");
  server_.Query("postgres", "DROP DATABASE " + database);
  server_.Query("postgres", "DROP TABLESPACE small");
  umount2(disk.c_str(), MNT_DETACH);
}

}  // namespace
}  // namespace ollama_bench::testing
