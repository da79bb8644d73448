// Command yardstick is what the standard library gives before any feature is added.
//
//	yardstick proxy ADDRESS UPSTREAM   httputil.ReverseProxy with connections that are kept
//	yardstick files ADDRESS FOLDER     http.FileServer
package main

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"time"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: yardstick proxy|files ADDRESS UPSTREAM|FOLDER")
		os.Exit(2)
	}
	handler, err := handler(os.Args[1], os.Args[3])
	if err == nil {
		server := &http.Server{Addr: os.Args[2], Handler: handler, ReadHeaderTimeout: 10 * time.Second}
		err = server.ListenAndServe()
	}
	fmt.Fprintln(os.Stderr, "yardstick:", err)
	os.Exit(1)
}

func handler(kind, of string) (http.Handler, error) {
	if kind == "files" {
		return http.FileServer(http.Dir(of)), nil
	}
	target, err := url.Parse(of)
	if err != nil {
		return nil, fmt.Errorf("upstream: %w", err)
	}
	return &httputil.ReverseProxy{
		// A transport that keeps 2 connections, as the default does, measures the kernel.
		Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true},
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.SetXForwarded()
			r.Out.Host = r.In.Host
		},
	}, nil
}
