package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// sample is one turn of one server.
type sample struct {
	rate   float64 // answers a second
	micros float64 // processor time of the server for one answer
	p99    time.Duration
}

var (
	ratePattern  = regexp.MustCompile(`Requests/sec:\s+([\d.]+)`)
	countPattern = regexp.MustCompile(`(\d+) requests in`)
	p99Pattern   = regexp.MustCompile(`(?m)^\s+99%\s+(\S+)`)
)

var errWrong = errors.New("answers that are none")

// measure runs wrk once.
func (o options) measure(ctx context.Context, s *server, sc scenario) (sample, error) {
	before, err := s.cpu()
	if err != nil {
		return sample{}, err
	}
	host := strings.TrimPrefix(s.url, "http://")
	cmd := command(ctx, loadCore, "wrk", "-t1", "-c"+strconv.Itoa(o.connections), "-d"+strconv.Itoa(o.seconds)+"s", "--latency",
		"-H", "Accept: "+sc.accept, "-H", "Host: "+host, "http://127.0.0.1:"+host[strings.LastIndexByte(host, ':')+1:]+"/"+sc.file)
	out, err := cmd.Output()
	if err != nil {
		return sample{}, fmt.Errorf("wrk: %w", err)
	}
	after, err := s.cpu()
	if err != nil {
		return sample{}, err
	}
	return parse(string(out), after-before)
}

func parse(out string, cpu time.Duration) (sample, error) {
	if strings.Contains(out, "Non-2xx") || strings.Contains(out, "Socket errors") {
		return sample{}, fmt.Errorf("%w:\n%s", errWrong, out)
	}
	rate, count, p99 := ratePattern.FindStringSubmatch(out), countPattern.FindStringSubmatch(out), p99Pattern.FindStringSubmatch(out)
	if rate == nil || count == nil || p99 == nil {
		return sample{}, fmt.Errorf("%w:\n%s", exec.ErrNotFound, out)
	}
	s := sample{}
	s.rate, _ = strconv.ParseFloat(rate[1], 64) // the patterns match numbers only
	n, _ := strconv.ParseFloat(count[1], 64)
	s.micros = float64(cpu.Microseconds()) / n
	s.p99, _ = time.ParseDuration(p99[1])
	return s, nil
}

// report prints the medians. A ratio is taken in each round, between neighbours in time.
func report(w io.Writer, sc scenario, servers []*server, results map[string][]sample) {
	fmt.Fprintf(w, "\n| %s | answers a second | × net/http | CPU µs an answer | × net/http | p99 |\n| --- | --- | --- | --- | --- | --- |\n", sc.name)
	base := results[yardstick]
	for _, s := range servers {
		list := results[s.name]
		fmt.Fprintf(w, "| %s | %.0f | %.2f | %.1f | %.2f | %s |\n", s.name,
			median(list, func(i int) float64 { return list[i].rate }),
			median(list, func(i int) float64 { return list[i].rate / base[i].rate }),
			median(list, func(i int) float64 { return list[i].micros }),
			median(list, func(i int) float64 { return base[i].micros / list[i].micros }),
			time.Duration(median(list, func(i int) float64 { return float64(list[i].p99) })).Round(10*time.Microsecond))
	}
}

func median(list []sample, of func(i int) float64) float64 {
	values := make([]float64, len(list))
	for i := range list {
		values[i] = of(i)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
