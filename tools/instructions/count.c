// A plugin of qemu-user (Debian's package of that name; the static one takes none) that counts the instructions of a
// program. Neither its version of the interface, 1, nor what it uses of that has a header in the package.
//
//	gcc -shared -fPIC -O2 -o count.so count.c
//	GOARCH=arm64 go build -o bench301-arm64 ./cmd/bench301
//	bench301 sample -n 1 --seed 3 > one.txt
//	export BENCH301_SIMD=neon GOMAXPROCS=1      # and portable
//	run="qemu-aarch64 -plugin ./count.so ./bench301-arm64"
//	$run score -j 1 one.txt -o neon.jsonl -e rwe-ridge:channels=16,train_images=20,val_images=20
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef uint64_t plugin;
struct block;
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin, void (*)(plugin, struct block *));
extern size_t qemu_plugin_tb_n_insns(const struct block *);
extern void qemu_plugin_register_vcpu_tb_exec_inline(struct block *, int operation, void *to, uint64_t addend);
extern void qemu_plugin_register_atexit_cb(plugin, void (*)(plugin, void *), void *);

int qemu_plugin_version = 1;
static uint64_t count;

static void translated(plugin id, struct block *b) {
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(b, 0 /* add */, &count, qemu_plugin_tb_n_insns(b));
}

static void ended(plugin id, void *data) {
	(void)id, (void)data;
	fprintf(stderr, "instructions %llu\n", (unsigned long long)count);
}

int qemu_plugin_install(plugin id, const void *info, int argc, char **argv) {
	(void)info, (void)argc, (void)argv;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	qemu_plugin_register_atexit_cb(id, ended, NULL);
	return 0;
}
