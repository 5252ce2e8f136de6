#pragma once

#include <cerrno>
#include <map>
#include <memory>
#include <string>

#include "ollama_bench/store/file_system.h"

namespace ollama_bench {

/// Files in memory, with the names and inodes of a real file system. Copies are independent.
class MemoryFileSystem : public FileSystem {
 public:
  struct Node {
    std::string text;
    FileStamp stamp;
    unsigned permissions = 0644;
  };

  MemoryFileSystem() = default;
  MemoryFileSystem(const MemoryFileSystem& other) : time_(other.time_), inodes_(other.inodes_) {
    for (const auto& [path, node] : other.files) files[path] = std::make_shared<Node>(*node);
  }
  MemoryFileSystem& operator=(const MemoryFileSystem&) = delete;

  /// What somebody else does to a file: saving it makes a new inode, as editors do.
  void Save(const std::filesystem::path& path, std::string text) {
    auto node = std::make_shared<Node>();
    node->stamp.inode = ++inodes_;
    node->text = std::move(text);
    Touch(*node);
    files[path.string()] = std::move(node);
  }
  [[nodiscard]] const std::string& TextOf(const std::filesystem::path& path) const {
    return files.at(path.string())->text;
  }

  Expected<FileText, IoError> Read(const std::filesystem::path& path) override {
    const auto found = files.find(path.string());
    if (found == files.end()) return Missing(path);
    return FileText{found->second->text, found->second->stamp};
  }
  Expected<std::unique_ptr<InputFile>, IoError> OpenToRead(
      const std::filesystem::path& path) override {
    const auto found = files.find(path.string());
    if (found == files.end()) return Missing(path);
    return std::make_unique<Input>(found->second);
  }
  Expected<FileStatus, IoError> Stat(const std::filesystem::path& path) override {
    const auto found = files.find(path.string());
    if (found == files.end()) return Missing(path);
    return FileStatus{found->second->stamp, found->second->permissions, true};
  }
  Expected<std::filesystem::path, IoError> ResolveLinks(
      const std::filesystem::path& path) override {
    return path;
  }
  Expected<std::unique_ptr<OutputFile>, IoError> CreateNew(
      const std::filesystem::path& path, std::optional<unsigned> permissions) override {
    if (files.contains(path.string())) {
      return Unexpected<IoError>(IoError{EEXIST, "exists: " + path.string()});
    }
    Save(path, "");
    files[path.string()]->permissions = permissions.value_or(0644);
    return std::make_unique<Output>(*this, files[path.string()]);
  }
  Expected<std::unique_ptr<OutputFile>, IoError> OpenToAppend(const std::filesystem::path& path,
                                                              std::int64_t size) override {
    const auto found = files.find(path.string());
    if (found == files.end()) return Missing(path);
    found->second->text.resize(static_cast<std::size_t>(size));
    Touch(*found->second);
    return std::make_unique<Output>(*this, found->second);
  }
  Expected<void, IoError> Rename(const std::filesystem::path& from,
                                 const std::filesystem::path& to) override {
    const auto found = files.find(from.string());
    if (found == files.end()) return Missing(from);
    const auto node = found->second;
    files.erase(found);
    files[to.string()] = node;
    return {};
  }
  Expected<void, IoError> SyncFolder(const std::filesystem::path& /*folder*/) override {
    return {};
  }
  Expected<void, IoError> Remove(const std::filesystem::path& path) override {
    if (files.erase(path.string()) == 0) return Missing(path);
    return {};
  }

  std::map<std::string, std::shared_ptr<Node>> files;

 private:
  class Input : public InputFile {
   public:
    explicit Input(std::shared_ptr<Node> node) : node_(std::move(node)) {}
    Expected<std::string, IoError> ReadAt(std::int64_t offset, std::size_t count) override {
      const auto from = static_cast<std::size_t>(offset);
      return from < node_->text.size() ? node_->text.substr(from, count) : std::string();
    }

   private:
    std::shared_ptr<Node> node_;
  };

  class Output : public OutputFile {
   public:
    Output(MemoryFileSystem& owner, std::shared_ptr<Node> node)
        : owner_(owner), node_(std::move(node)) {}
    Expected<std::size_t, IoError> Write(std::string_view bytes) override {
      node_->text += bytes;
      owner_.Touch(*node_);
      return bytes.size();
    }
    Expected<FileStamp, IoError> Sync() override { return node_->stamp; }

   private:
    MemoryFileSystem& owner_;
    std::shared_ptr<Node> node_;
  };

  static Unexpected<IoError> Missing(const std::filesystem::path& path) {
    return Unexpected<IoError>(IoError{ENOENT, "no such file: " + path.string()});
  }
  void Touch(Node& node) {
    node.stamp.size = static_cast<std::int64_t>(node.text.size());
    node.stamp.mtime_ns = ++time_;
  }

  std::int64_t time_ = 0;
  std::uint64_t inodes_ = 0;
};

}  // namespace ollama_bench
