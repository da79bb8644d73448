package stack

import (
	"context"
	"errors"
	"net"
	"strconv"

	"github.com/realtimectl/realtimectl/internal/config"
)

// doors are the two listeners; proxy is nil when there is none.
type doors struct {
	app, proxy *binding
	appHost    string
	proxyHost  string
	scheme     string // "http" or "https"
}

// openDoors listens where the configuration says. Production has no proxy: what it
// adds is for development.
func openDoors(ctx context.Context, o Options) (*doors, error) {
	cfg, log := o.Project.Config, o.Log
	d := &doors{appHost: cfg.Serve.App.Host, proxyHost: cfg.Serve.Proxy.Host, scheme: "http"}
	if cfg.Serve.HTTPS {
		d.scheme = "https"
	}
	var err error
	app := address{d.appHost, cfg.Serve.App.Port, o.Ports.App, "--app-port"}
	d.app, err = bind(ctx, app, cfg.Serve.StrictPort, log)
	if err != nil {
		return nil, err
	}
	if cfg.Serve.Proxy.Off || cfg.Serve.Mode == config.Production {
		return d, nil
	}
	proxy := address{d.proxyHost, cfg.Serve.Proxy.Port, o.Ports.Proxy, "--proxy-port"}
	d.proxy, err = bind(ctx, proxy, cfg.Serve.StrictPort, log)
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *doors) close() error {
	err := d.app.close()
	if d.proxy != nil {
		err = errors.Join(err, d.proxy.close())
	}
	return err
}

// ports lists the ports of our own listeners.
func (d *doors) ports() []int {
	if d.proxy == nil {
		return []int{d.app.port}
	}
	return []int{d.proxy.port, d.app.port}
}

// numbers are the ports in use, for the next run.
func (d *doors) numbers() Ports {
	n := Ports{App: d.app.port}
	if d.proxy != nil {
		n.Proxy = d.proxy.port
	}
	return n
}

func (d *doors) appURL() string { return d.url(d.appHost, d.app.port) }

func (d *doors) proxyURL() string {
	if d.proxy == nil {
		return ""
	}
	return d.url(d.proxyHost, d.proxy.port)
}

// Address is a URL under which other machines reach us.
type Address struct {
	URL string
	// Interface names the network card: "eth0"; "" if the address was named by the user.
	Interface string
}

// network returns how other machines reach the listener a person opens: an address for
// each of this machine's own if it listens on all, none on loopback.
func (d *doors) network() []Address {
	host, port := d.appHost, d.app.port
	if d.proxy != nil {
		host, port = d.proxyHost, d.proxy.port
	}
	if !unspecified(host) {
		if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
			return nil
		}
		return []Address{{URL: d.url(host, port)}}
	}
	cards, err := net.Interfaces()
	if err != nil {
		return nil
	}
	var all []Address
	for _, card := range cards {
		addrs, err := card.Addrs()
		if err != nil {
			continue // it went away
		}
		for _, addr := range addrs {
			ip, ok := addr.(*net.IPNet)
			if ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() && !ip.IP.IsLinkLocalUnicast() {
				all = append(all, Address{d.url(ip.IP.String(), port), card.Name})
			}
		}
	}
	return all
}

// url is how a browser on this machine reaches a listener.
func (d *doors) url(host string, port int) string {
	if unspecified(host) {
		host = "localhost"
	}
	return d.scheme + "://" + net.JoinHostPort(host, strconv.Itoa(port))
}

// unspecified reports whether host stands for every address of this machine.
func unspecified(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}
