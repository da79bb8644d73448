# make setup   installs what the tests need (Chromium, npm packages); safe to repeat
# make test    everything, set-up included
# make check   the quick gate for every commit: format, vet, staticcheck, shape, unit tests
# make fuzz    every fuzz target below FUZZDIR for FUZZTIME

GO          ?= go
GOFUMPT     := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
# The race detector otherwise waits a second at the end of every process it watches.
export GORACE := atexit_sleep_ms=0

# Long enough to try what is near the committed corpus, short enough for every run.
FUZZTIME    ?= 3s
# The whole module, or what every run fuzzes: what strangers send to the hub.
FUZZDIR     ?= .

.PHONY: build setup lint check test fuzz

build:
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/realtimectl ./cmd/realtimectl

setup:
	bash e2e/setup.sh

lint:
	@out=$$($(GO) run $(GOFUMPT) -l .); test -z "$$out" || { echo "not formatted:"; echo "$$out"; exit 1; }
	$(GO) vet ./...
	GOOS=darwin $(GO) vet ./...
	GOOS=windows $(GO) vet ./...
	$(GO) run $(STATICCHECK) ./...

check: lint
	$(GO) test -race -short ./...

test: setup lint
	$(GO) test -race -timeout 15m ./...
	$(GO) test ./internal/pipeline/sheets # whose engine the race detector slows down too much
	$(MAKE) --no-print-directory fuzz FUZZDIR=./internal/hub

fuzz:
	@GO='$(GO)' bash .ci/fuzz $(FUZZTIME) $(FUZZDIR)
