package main

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/cli/browser"
)

// openBrowser opens a page, unless nobody is there to see it. The program that BROWSER
// names goes before the one of the system.
func (a *app) openBrowser(url string) error {
	own := strings.Fields(a.env["BROWSER"])
	switch {
	case a.env["CI"] != "" || a.env["SSH_CONNECTION"] != "" || !isTerminal(a.streams.err):
		return errors.New("the browser is not opened: this is no terminal of a desktop")
	case len(own) > 0:
		return startBrowser(append(own, url))
	case a.env["WSL_DISTRO_NAME"] != "" && startBrowser([]string{"wslview", url}) == nil:
		return nil // the one of Windows
	}
	if err := browser.OpenURL(url); err != nil {
		return fmt.Errorf("the browser did not open: %w", err)
	}
	return nil
}

// startBrowser starts a program that may run for as long as its window is open.
func startBrowser(command []string) error {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.SysProcAttr = detached()
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("the browser did not open: %w", err)
	}
	return cmd.Process.Release()
}
