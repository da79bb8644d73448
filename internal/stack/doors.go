package stack

import (
	"context"
	"errors"
	"log/slog"
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
func openDoors(ctx context.Context, cfg *config.Config, log *slog.Logger) (*doors, error) {
	d := &doors{appHost: cfg.Serve.App.Host, proxyHost: cfg.Serve.Proxy.Host, scheme: "http"}
	if cfg.Serve.HTTPS {
		d.scheme = "https"
	}
	var err error
	d.app, err = bind(ctx, address{d.appHost, cfg.Serve.App.Port, "--app-port"}, cfg.Serve.StrictPort, log)
	if err != nil {
		return nil, err
	}
	if cfg.Serve.Proxy.Off || cfg.Serve.Mode == config.Production {
		return d, nil
	}
	d.proxy, err = bind(ctx, address{d.proxyHost, cfg.Serve.Proxy.Port, "--proxy-port"}, cfg.Serve.StrictPort, log)
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

func (d *doors) appURL() string { return d.url(d.appHost, d.app.port) }

func (d *doors) proxyURL() string {
	if d.proxy == nil {
		return ""
	}
	return d.url(d.proxyHost, d.proxy.port)
}

// networkURLs returns how other machines reach the listener a person opens: one URL
// for each address of this machine if it listens on all, none on loopback.
func (d *doors) networkURLs() []string {
	host, port := d.appHost, d.app.port
	if d.proxy != nil {
		host, port = d.proxyHost, d.proxy.port
	}
	if !unspecified(host) {
		if ip := net.ParseIP(host); host == "localhost" || ip != nil && ip.IsLoopback() {
			return nil
		}
		return []string{d.url(host, port)}
	}
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var urls []string
	for _, addr := range addrs {
		ip, ok := addr.(*net.IPNet)
		if ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() && !ip.IP.IsLinkLocalUnicast() {
			urls = append(urls, d.url(ip.IP.String(), port))
		}
	}
	return urls
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
