#include "faulty_disk.h"

#include <sqlite3.h>

#include <new>

namespace junctor::testing {
namespace {

std::atomic<int> syncs_until_failure = -1;
std::atomic<int> syncs_seen = 0;
std::atomic<bool> disk_full = false;

struct FaultyFile {
  sqlite3_file base;
  sqlite3_file* real;
};
sqlite3_file* realOf(sqlite3_file* file) {
  return reinterpret_cast<FaultyFile*>(file)->real;
}
const sqlite3_io_methods& methodsOf(sqlite3_file* file) {
  return *realOf(file)->pMethods;
}

int closeFile(sqlite3_file* f) {
  return methodsOf(f).xClose(realOf(f));
}
int readFile(sqlite3_file* f, void* to, int n, sqlite3_int64 at) {
  return methodsOf(f).xRead(realOf(f), to, n, at);
}
int writeFile(sqlite3_file* f, const void* from, int n, sqlite3_int64 at) {
  return disk_full ? SQLITE_FULL : methodsOf(f).xWrite(realOf(f), from, n, at);
}
int truncateFile(sqlite3_file* f, sqlite3_int64 size) {
  return methodsOf(f).xTruncate(realOf(f), size);
}
int syncFile(sqlite3_file* f, int flags) {
  ++syncs_seen;
  if (syncs_until_failure > 0 && --syncs_until_failure == 0) return SQLITE_IOERR_FSYNC;
  return methodsOf(f).xSync(realOf(f), flags);
}
int fileSize(sqlite3_file* f, sqlite3_int64* size) {
  return methodsOf(f).xFileSize(realOf(f), size);
}
int lockFile(sqlite3_file* f, int lock) {
  return methodsOf(f).xLock(realOf(f), lock);
}
int unlockFile(sqlite3_file* f, int lock) {
  return methodsOf(f).xUnlock(realOf(f), lock);
}
int checkReserved(sqlite3_file* f, int* out) {
  return methodsOf(f).xCheckReservedLock(realOf(f), out);
}
int fileControl(sqlite3_file* f, int op, void* argument) {
  return methodsOf(f).xFileControl(realOf(f), op, argument);
}
int sectorSize(sqlite3_file* f) {
  return methodsOf(f).xSectorSize(realOf(f));
}
int characteristics(sqlite3_file* f) {
  return methodsOf(f).xDeviceCharacteristics(realOf(f));
}
int shmMap(sqlite3_file* f, int page, int size, int extend, void volatile** out) {
  return methodsOf(f).xShmMap(realOf(f), page, size, extend, out);
}
int shmLock(sqlite3_file* f, int offset, int n, int flags) {
  return methodsOf(f).xShmLock(realOf(f), offset, n, flags);
}
void shmBarrier(sqlite3_file* f) {
  methodsOf(f).xShmBarrier(realOf(f));
}
int shmUnmap(sqlite3_file* f, int remove) {
  return methodsOf(f).xShmUnmap(realOf(f), remove);
}

const sqlite3_io_methods kMethods = {
    2,        closeFile,  readFile,      writeFile,   truncateFile, syncFile,        fileSize,
    lockFile, unlockFile, checkReserved, fileControl, sectorSize,   characteristics, shmMap,
    shmLock,  shmBarrier, shmUnmap,      nullptr,     nullptr};

sqlite3_vfs* real_disk = nullptr;
sqlite3_vfs faulty_disk;

int openFile(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* faulty = reinterpret_cast<FaultyFile*>(file);
  faulty->base.pMethods = nullptr;
  faulty->real = reinterpret_cast<sqlite3_file*>(faulty + 1);
  const int code = real_disk->xOpen(real_disk, name, faulty->real, flags, out_flags);
  if (faulty->real->pMethods) faulty->base.pMethods = &kMethods;
  return code;
}

}  // namespace

FaultyDisk::FaultyDisk() {
  syncs_until_failure = -1;
  disk_full = false;
  real_disk = sqlite3_vfs_find(nullptr);
  faulty_disk = *real_disk;
  faulty_disk.zName = "faulty";
  faulty_disk.pNext = nullptr;
  faulty_disk.szOsFile += static_cast<int>(sizeof(FaultyFile));
  faulty_disk.xOpen = openFile;
  sqlite3_vfs_register(&faulty_disk, 1);
}

FaultyDisk::~FaultyDisk() {
  sqlite3_vfs_unregister(&faulty_disk);
}

void FaultyDisk::failSync(int n) {
  syncs_until_failure = n;
}
void FaultyDisk::setFull(bool full) {
  disk_full = full;
}
int FaultyDisk::syncs() {
  return syncs_seen;
}

}  // namespace junctor::testing
