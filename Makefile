# bench301: see `make help`.
GO      ?= go
BIN     := bin/bench301
VERSION := $(shell git describe --tags --always --dirty --abbrev=12 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X main.version=$(VERSION)
QEMU    ?= qemu-aarch64-static
PYTHON  ?= /usr/bin/python3
PEER    ?= ../shared/peers/peer_torch.py
QUICK   := runs/paper-ablation-quick
export CGO_ENABLED = 0

.PHONY: help demo ablation test check arm64 bench docs kernels install data clean build python \
	wheels release programs platforms

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## compile bin/bench301
	@mkdir -p bin
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/bench301

demo: build ## the main job on embedded data: 60 architectures, six estimators, tables and figures
	$(BIN) demo

ablation: build ## estimates within the populations of searches, on embedded data, in minutes; goes on after Ctrl-C
	@if [ -e $(QUICK) ]; then $(BIN) study resume --any-version $(QUICK); \
	else $(BIN) study run studies/paper-ablation-quick.yaml --out $(QUICK); fi
	$(BIN) table $(QUICK) --only cohorts --cohorts survivors
	$(BIN) figure $(QUICK) --only cohorts --reference published -e RWE -e macs -e map-effdim --width 6.75in

test: ## run all tests
	$(GO) test -timeout 20m ./...

python: ## the tests of the Python package, where PYTHON (/usr/bin/python3) is 3.8 or newer
	@if ! $(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then \
		echo "no Python 3.8 or newer at $(PYTHON): the tests of the Python package skip"; exit 0; fi; \
	$(GO) build -ldflags '$(LDFLAGS)' -o bin/test/bench301 ./cmd/bench301 && cd python && \
	PYTHONDONTWRITEBYTECODE=1 BENCH301_BIN='$(CURDIR)/bin/test/bench301' $(PYTHON) -m unittest

check: ## formatting, vet, staticcheck, then all tests
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not gofmt clean: $$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(GO) tool staticcheck ./...
	$(MAKE) python
	$(MAKE) arm64
	$(MAKE) test

arm64: ## kernels, a network and every score on an emulated arm64, where qemu-aarch64-static is (qemu-user-static)
	@if ! command -v $(QEMU) >/dev/null; then echo "no $(QEMU): the tests on arm64 skip"; exit 0; fi; \
	GOARCH=arm64 $(GO) test -short -exec $(QEMU) ./internal/kernels && \
	GOARCH=arm64 $(GO) test -short -exec $(QEMU) -run 'Oracle.*/fx_dev_r353_C4_L5' ./network && \
	BENCH301_ARM64=1 $(GO) test -count=1 -run 'TestScoresOnArm64|TestNothingFuses' ./cmd/bench301 ./internal/houserules

bench: build ## benchmarks, the roofline, workers, Python, PyTorch where PEER is (docs/performance.md)
	$(GO) test -run '^$$' -bench . -benchmem ./...
	$(BIN) bench machine
	@for what in overhead trivial fleet open rejoin; do $(GO) run ./tools/clusterspeed -bench301 $(BIN) $$what || exit 1; done
	@$(PYTHON) -c '' 2>/dev/null && BENCH301_BIN='$(CURDIR)/$(BIN)' $(PYTHON) python/speed.py || echo "no $(PYTHON)"
	@if [ -e "$(PEER)" ]; then \
		$(GO) run ./tools/sidebyside -bench301 $(BIN) -peer "$(PEER)" && \
		$(GO) run ./tools/sidebyside -peer "$(PEER)" -proxies; \
	else echo "no $(PEER): nothing to compare with"; fi

docs: ## write docs/estimators.md anew
	$(GO) run ./tools/estimatordocs

kernels: ## write the assembly of internal/kernels anew (fetches avo)
	cd internal/kernels/gen && $(GO) generate

install: build ## copy the binary to GOBIN (or GOPATH/bin)
	$(GO) install -trimpath -ldflags '$(LDFLAGS)' ./cmd/bench301

wheels: PLATFORMS ?= linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64
wheels: programs ## wheels of the program and python/ in dist/, in minutes; PLATFORMS=linux/amd64 makes one
	$(GO) run ./tools/wheels -version '$(VERSION)' $(PLATFORMS)

release: PLATFORMS ?= $(foreach os,linux darwin windows freebsd,$(os)/amd64 $(os)/arm64)
release: build programs ## archives with manual pages and completions, sums, bills of materials, in dist/
	@rm -rf bin/man
	TZ=UTC SOURCE_DATE_EPOCH=$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct)} BENCH301_MAN='$(CURDIR)/bin/man' \
		$(GO) test -count=1 -ldflags '$(LDFLAGS)' -run '^TestManPages$$' ./cmd/bench301
	$(GO) run ./tools/release -version '$(VERSION)' $(PLATFORMS)

programs: # static ones for the oldest processors of each of PLATFORMS
	@for p in $(PLATFORMS); do echo "bin/$$p" && \
		GOOS=$${p%/*} GOARCH=$${p#*/} GOAMD64=v1 GOARM64=v8.0 \
		$(GO) build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o "bin/$$p/" ./cmd/bench301 || exit 1; done

platforms: ## vet for the other platforms, in minutes
	@for p in darwin/arm64 windows/amd64 freebsd/arm64 linux/arm64 linux/riscv64; do echo "$$p" && \
		GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) vet ./... || exit 1; done

data: build ## fetch the full CIFAR-10 (170 MB) into the cache folder
	$(BIN) data fetch

clean: ## remove bin/, dist/ and runs/, those of the demo and of ablation too
	rm -rf bin dist runs
