// compile.cc turns CUDA C++ into a shared object with g++: preprocess, find the kernels, append an entry for each, compile.
// What was compiled once is kept in a folder, since g++ takes seconds where the real NVRTC takes a tenth.
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <regex>
#include <string>
#include <vector>

#include "cudahost.h"

extern char **environ;
extern const char cudahost_device_text[]; // abi.h and device.h, put into the library when it is built

namespace {

using Strings = std::vector<std::string>;

constexpr int kOutOfMemory = 1, kNoCompiler = 2, kInvalidOption = 5, kCompilation = 6;

std::string read_file(const std::string &path, bool *ok = nullptr) {
	std::string text;
	FILE *f = fopen(path.c_str(), "rb");
	if (ok) *ok = f != nullptr;
	if (!f) return text;
	char buffer[1 << 16];
	for (size_t n; (n = fread(buffer, 1, sizeof buffer, f)) > 0;) text.append(buffer, n);
	fclose(f);
	return text;
}

bool write_file(const std::string &path, const std::string &text) {
	FILE *f = fopen(path.c_str(), "wb");
	if (!f) return false;
	bool ok = fwrite(text.data(), 1, text.size(), f) == text.size();
	return fclose(f) == 0 && ok;
}

// Runs a program with its messages in a file. Returns its exit status, or -1 when it cannot be started.
int spawn(const Strings &args, const std::string &messages) {
	std::vector<char *> argv;
	for (const std::string &a : args) argv.push_back(const_cast<char *>(a.c_str()));
	argv.push_back(nullptr);
	posix_spawn_file_actions_t actions;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 2, messages.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawnattr_t attributes;
	posix_spawnattr_init(&attributes);
	sigset_t none;
	sigemptyset(&none);
	posix_spawnattr_setsigmask(&attributes, &none); // the caller's threads may block signals that g++ waits for
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
	pid_t pid;
	int failed = posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (failed) return -1;
	int status;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR) return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// A folder that is removed with what is in it.
struct TemporaryFolder {
	std::string path;
	TemporaryFolder() {
		const char *base = getenv("TMPDIR");
		std::string pattern = std::string(base && *base ? base : "/tmp") + "/cudahost-XXXXXX";
		if (mkdtemp(&pattern[0])) path = pattern;
	}
	~TemporaryFolder() {
		for (const char *name : {"kernel.cu", "kernel.ii", "kernel.o", "kernel.cc", "kernel.so", "messages"}) unlink((path + "/" + name).c_str());
		for (const std::string &h : headers) unlink((path + "/" + h).c_str());
		rmdir(path.c_str());
	}
	Strings headers;
};

// Takes NVRTC's options apart into macros for g++.
bool take_options(int n, const char *const *options, Strings *macros, std::string *log) {
	static const char *const ignored[] = {"--std=", "-std=", "--use_fast_math", "-use_fast_math", "--fmad=", "-fmad=", "--maxrregcount=",
		"-maxrregcount=", "-lineinfo", "--generate-line-info", "-default-device", "--device-as-default-execution-space",
		"--ptxas-options=", "-Xptxas", "--minimal", "-minimal", "--extra-device-vectorization", "--restrict", "-restrict",
		"-I", "--include-path=", "--split-compile", "--no-source-include"};
	for (int i = 0; i < n; i++) {
		std::string o = options[i];
		if (o.rfind("--define-macro=", 0) == 0) {
			macros->push_back("-D" + o.substr(15));
			continue;
		}
		if (o == "-D" && i + 1 < n) {
			macros->push_back(std::string("-D") + options[++i]);
			continue;
		}
		if (o.rfind("-D", 0) == 0) {
			macros->push_back(o);
			continue;
		}
		size_t eq = o.find("=sm_"), virt = o.find("=compute_");
		if ((o.rfind("--gpu-architecture=", 0) == 0 || o.rfind("-arch=", 0) == 0) && (eq != std::string::npos || virt != std::string::npos)) {
			int arch = atoi(o.c_str() + (eq != std::string::npos ? eq + 4 : virt + 9));
			macros->push_back("-D__CUDA_ARCH__=" + std::to_string(arch * 10));
			continue;
		}
		bool known = false;
		for (const char *name : ignored) known = known || o.rfind(name, 0) == 0;
		if (!known) {
			*log = "unrecognized option " + o;
			return false;
		}
	}
	return true;
}

// The function that tells about a kernel. The text was preprocessed already: no macros.
std::string entry_text(const std::string &kernel, const std::string &bounds) {
	return "extern \"C\" __attribute__((visibility(\"default\"))) cudahost_entry cudahost_entry_" + kernel +
	       "() { typedef cudahost_thunk<decltype(&" + kernel + "), &" + kernel + "> thunk; return {thunk::call, cudahost_first(" +
	       bounds + "), thunk::count, thunk::sizes()}; }\n";
}

// Finds every __global__ function in preprocessed text, takes the marks out, and appends the entries.
std::string with_entries(std::string text) {
	static const std::regex kernel(R"(__global__\s+void\s+(?:__launch_bounds__\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\)\s*)?(\w+)\s*\()");
	std::string entries = "\n";
	for (std::sregex_iterator it(text.begin(), text.end(), kernel), end; it != end; ++it) {
		std::string bounds = (*it)[1].matched ? std::string((*it)[1]) : "1024";
		entries += entry_text((*it)[2], bounds);
	}
	text = std::regex_replace(text, std::regex(R"(__launch_bounds__\s*\(([^()]*(?:\([^()]*\)[^()]*)*)\))"), "");
	text = std::regex_replace(text, std::regex(R"(__global__)"), "");
	return text + entries;
}

uint64_t hash(uint64_t h, const std::string &s) {
	for (unsigned char c : s) h = (h ^ c) * 0x100000001b3ull;
	return (h ^ 0xff) * 0x100000001b3ull;
}

std::string key_of(const Strings &parts) {
	uint64_t a = 0xcbf29ce484222325ull, b = 0x84222325cbf29ce4ull;
	for (const std::string &p : parts) {
		a = hash(a, p);
		b = hash(b, p + "#");
	}
	char text[40];
	snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)a, (unsigned long long)b);
	return text;
}

std::string cache_folder() {
	const char *given = getenv("MNV2_CUDAHOST_CACHE");
	std::string folder = given && *given ? given : "/tmp/mnv2-cudahost-" + std::to_string(getuid());
	mkdir(folder.c_str(), 0700);
	struct stat s;
	if (stat(folder.c_str(), &s) || s.st_uid != getuid()) return ""; // someone else's folder: do without
	return folder;
}

const char *compiler() {
	const char *cxx = getenv("MNV2_CUDAHOST_CXX");
	return cxx && *cxx ? cxx : "g++";
}

bool is_set(const char *variable) {
	const char *value = getenv(variable);
	return value && !strcmp(value, "1");
}

// For programs that are linked with them themselves.
const Strings kSanitizers = {"-fsanitize=address,undefined", "-fno-sanitize-recover=all"};

Strings code_flags() {
	Strings flags = {"-std=c++17", "-O2", "-g1", "-fPIC", "-fvisibility=hidden", "-fno-strict-aliasing", "-fno-math-errno",
			 "-fno-trapping-math", "-fno-exceptions", "-Wall", "-Wno-unknown-pragmas", "-Wno-unused-function",
			 "-Wno-unused-variable", "-Wno-unused-but-set-variable", "-Wno-subobject-linkage"};
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) flags.insert(flags.end(), {"-mavx2", "-mfma"});
#endif
	if (is_set("MNV2_FAKE_CHECK")) flags.insert(flags.end(), {"-DCUDAHOST_CHECK=1", "-fsanitize=thread,alignment", "-fno-sanitize-recover=all"});
	if (is_set("MNV2_FAKE_SANITIZE")) flags.insert(flags.end(), kSanitizers.begin(), kSanitizers.end());
	return flags;
}

struct Job {
	std::string source, name;
	Strings macros, header_names, headers;
	std::string log, object;
};

int compile(Job *job) {
	TemporaryFolder folder;
	if (folder.path.empty()) {
		job->log = "cannot make a temporary folder";
		return kNoCompiler;
	}
	const std::string &dir = folder.path;
	for (size_t i = 0; i < job->headers.size(); i++) {
		folder.headers.push_back(job->header_names[i]);
		write_file(dir + "/" + job->header_names[i], job->headers[i]);
	}
	write_file(dir + "/kernel.cu", "# 1 \"cudahost\"\n" + std::string(cudahost_device_text) + "\n# 1 \"" + job->name + "\"\n" + job->source + "\n");
	Strings args = {compiler(), "-E", "-x", "c++", "-I", dir};
	Strings flags = code_flags();
	args.insert(args.end(), flags.begin(), flags.end());
	args.insert(args.end(), job->macros.begin(), job->macros.end());
	args.insert(args.end(), {dir + "/kernel.cu", "-o", dir + "/kernel.ii"});
	int status = spawn(args, dir + "/messages");
	job->log = read_file(dir + "/messages");
	if (status < 0) {
		job->log = std::string("cannot run ") + compiler() + ", which compiles kernels for the host";
		return kNoCompiler;
	}
	if (status) return kCompilation;
	write_file(dir + "/kernel.cc", with_entries(read_file(dir + "/kernel.ii")));
	args = {compiler(), "-fpreprocessed", "-c", "-x", "c++"};
	args.insert(args.end(), flags.begin(), flags.end());
	args.insert(args.end(), {dir + "/kernel.cc", "-o", dir + "/kernel.o"});
	status = spawn(args, dir + "/messages");
	job->log = read_file(dir + "/messages");
	if (status) return kCompilation;
	args = {compiler(), "-shared", "-Wl,-z,noexecstack", dir + "/kernel.o", "-o", dir + "/kernel.so"};
	if (is_set("MNV2_FAKE_SANITIZE")) args.insert(args.end(), kSanitizers.begin(), kSanitizers.end());
	status = spawn(args, dir + "/messages");
	if (status) {
		job->log += read_file(dir + "/messages");
		return kCompilation;
	}
	job->object = read_file(dir + "/kernel.so");
	return 0;
}

// The object and its log in one file: the log's length in a line, the log, the object.
bool load_kept(const std::string &path, Job *job) {
	bool ok;
	std::string all = read_file(path, &ok);
	size_t line = all.find('\n');
	if (!ok || line == std::string::npos) return false;
	size_t length = strtoull(all.c_str(), nullptr, 10);
	if (line + 1 + length >= all.size()) return false;
	job->log = all.substr(line + 1, length);
	job->object = all.substr(line + 1 + length);
	return true;
}

void keep(const std::string &path, const Job &job) {
	std::string temporary = path + "." + std::to_string(getpid()) + "." + std::to_string((uintptr_t)&job);
	if (write_file(temporary, std::to_string(job.log.size()) + "\n" + job.log + job.object)) rename(temporary.c_str(), path.c_str());
}

char *copy_text(const std::string &s) {
	char *p = (char *)malloc(s.size() + 1);
	if (p) memcpy(p, s.c_str(), s.size() + 1);
	return p;
}

} // namespace

extern "C" int cudahost_compile(const char *source, const char *name, int n_headers, const char *const *headers,
				const char *const *include_names, int n_options, const char *const *options, void **image,
				size_t *image_size, char **log) {
	Job job;
	job.source = source;
	job.name = name && *name ? name : "default_program";
	for (int i = 0; i < n_headers; i++) {
		job.headers.push_back(headers[i]);
		job.header_names.push_back(include_names[i]);
	}
	int result = 0;
	if (!take_options(n_options, options, &job.macros, &job.log)) result = kInvalidOption;
	if (!result) {
		Strings parts = {cudahost_device_text, job.source, job.name, compiler(), __VERSION__};
		for (const Strings &list : {job.macros, job.header_names, job.headers, code_flags()}) {
			parts.insert(parts.end(), list.begin(), list.end());
			parts.push_back("|");
		}
		std::string folder = cache_folder(), path = folder + "/" + key_of(parts);
		if (folder.empty() || !load_kept(path, &job)) {
			result = compile(&job);
			if (!result && !folder.empty()) keep(path, job);
		}
	}
	*log = copy_text(job.log);
	if (result) return result;
	*image_size = 16 + job.object.size();
	*image = malloc(*image_size);
	if (!*image || !*log) return kOutOfMemory;
	memcpy(*image, "CUDAHOST", 8);
	uint64_t size = job.object.size();
	memcpy((char *)*image + 8, &size, 8);
	memcpy((char *)*image + 16, job.object.data(), job.object.size());
	return 0;
}
