package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// mark is what had happened, and had been used, at one moment.
type mark struct {
	t, cpu, user, sys, rss float64
	host, self             float64
	delivered, completed   uint64
	acks                   uint64
	idle, total            int64
}

// mark takes one.
func (d *load) mark() mark {
	m := mark{t: float64(d.l.Now()) / 1e9, delivered: d.delivered, completed: d.completed, acks: d.acks, idle: d.l.idleNs, total: d.l.totalNs}
	m.host, m.self = hostBusy(), cpu(os.Getpid())
	if d.pid > 0 {
		m.cpu = cpu(d.pid)
		m.user, m.sys = cpuSplit(d.pid)
		m.rss, _ = mem(d.pid)
	}
	return m
}

// cpu is the CPU time of a process in seconds.
func cpu(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	s := string(b)
	f := strings.Fields(s[strings.LastIndexByte(s, ')')+2:])
	u, _ := strconv.ParseFloat(f[11], 64)
	k, _ := strconv.ParseFloat(f[12], 64)
	return (u + k) / 100
}

// cpuSplit is the same, in user and in kernel mode.
func cpuSplit(pid int) (user, sys float64) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	s := string(b)
	f := strings.Fields(s[strings.LastIndexByte(s, ')')+2:])
	user, _ = strconv.ParseFloat(f[11], 64)
	sys, _ = strconv.ParseFloat(f[12], 64)
	return user / 100, sys / 100
}

// mem is the resident size now and at its peak, in MB.
func mem(pid int) (rss, peak float64) {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	for _, line := range strings.Split(string(b), "\n") {
		f := strings.Fields(line)
		if len(f) < 2 {
			continue
		}
		v, _ := strconv.ParseFloat(f[1], 64)
		switch f[0] {
		case "VmRSS:":
			rss = v / 1024
		case "VmHWM:":
			peak = v / 1024
		}
	}
	return
}

// hostBusy is the CPU time that all processes took, and that the hypervisor
// kept, on all CPUs, in seconds.
func hostBusy() float64 {
	b, _ := os.ReadFile("/proc/stat")
	line, _, _ := bytes.Cut(b, []byte("\n"))
	f := strings.Fields(string(line))
	t := 0.0
	for i, v := range f {
		// user nice system idle iowait irq softirq steal
		if i >= 1 && i <= 8 && i != 4 && i != 5 {
			x, _ := strconv.ParseFloat(v, 64)
			t += x / 100
		}
	}
	return t
}

// noise is what others used of the machine, in percent of one core.
func noise(out map[string]float64, a, b mark) {
	out["noise_pct"] = max(0, ((b.host-a.host)-(b.cpu-a.cpu)-(b.self-a.self))/(b.t-a.t)*100)
}

// rates tells what was delivered between two marks, and at what cost.
func (d *load) rates(out map[string]float64, a, b mark) {
	s := b.t - a.t
	noise(out, a, b)
	n := float64(b.delivered - a.delivered)
	out["deliveries_per_s"] = n / s
	out["events_per_s"] = float64(b.completed-a.completed) / s
	out["gen_busy_pct"] = 100 - 100*float64(b.idle-a.idle)/max(1, float64(b.total-a.total))
	if d.pid > 0 {
		out["srv_cpu_pct"] = (b.cpu - a.cpu) / s * 100
		if n > 0 {
			out["srv_cpu_us"] = (b.cpu - a.cpu) * 1e6 / n
		}
		if c := (b.user - a.user) + (b.sys - a.sys); c > 0 {
			out["srv_sys_pct"] = (b.sys - a.sys) / c * 100
		}
		_, out["rss_peak_mb"] = mem(d.pid)
	}
}

// quantiles tells how late.
func (d *load) quantiles(out map[string]float64) {
	h := &d.hist
	out["p50_us"] = float64(h.Quantile(0.5)) / 1e3
	out["p90_us"] = float64(h.Quantile(0.9)) / 1e3
	out["p99_us"] = float64(h.Quantile(0.99)) / 1e3
	out["max_us"] = float64(h.max) / 1e3
}
