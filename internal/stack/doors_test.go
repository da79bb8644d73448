package stack

import (
	"net"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOtherMachinesAreToldOnlyAddressesThatReachUs(t *testing.T) {
	for host, want := range map[string][]Address{
		"localhost": nil, "127.0.0.1": nil, "::1": nil, "127.9.9.9": nil,
		"192.0.2.7": {{URL: "http://192.0.2.7:80"}}, "2001:db8::1": {{URL: "http://[2001:db8::1]:80"}}, "dev.example": {{URL: "http://dev.example:80"}},
	} {
		d := &doors{app: &binding{port: 80}, appHost: host, scheme: "http"}
		if diff := cmp.Diff(want, d.network()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", host, diff)
		}
	}
}

func TestWhoListensEverywhereIsToldByEachCard(t *testing.T) {
	for _, host := range []string{"", "0.0.0.0", "::"} {
		d := &doors{app: &binding{port: 1}, proxy: &binding{port: 2}, proxyHost: host, scheme: "https"}
		if got := d.proxyURL(); got != "https://localhost:2" {
			t.Errorf("for this machine it is %s", got)
		}
		for _, a := range d.network() {
			u, err := url.Parse(a.URL)
			if err != nil || u.Scheme != "https" || u.Port() != "2" || a.Interface == "" {
				t.Fatalf("told %+v, %v", a, err)
			}
			if ip := net.ParseIP(u.Hostname()); ip == nil || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() {
				t.Errorf("told %s", a.URL)
			}
		}
	}
}
