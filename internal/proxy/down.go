package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"

	"github.com/realtimectl/realtimectl/internal/page"
)

// DownHeader marks every answer that stands for a target that could not be reached. The page
// that waits for it to come back looks at nothing else.
const DownHeader = "X-Realtimectl-Down"

// waitScript asks once a second, while the page can be seen, and reloads it when the target
// answers again. It needs nothing but fetch.
const waitScript = `
const again = async () => {
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { method: "HEAD", cache: "no-store", redirect: "manual" });
      if (!answer.headers.has("` + DownHeader + `")) return location.reload();
    } catch {}
  }
  setTimeout(again, 1000);
};
setTimeout(again, 500);
`

// fail answers for a target that did not. A browser gets a page that waits for it, everyone
// else one line of text.
func (p *Proxy) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil && errors.Is(err, context.Canceled) {
		// Nobody listens any more: the browser has gone, or we stop.
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	if errors.Is(err, errUpload) {
		page.Text(w, http.StatusBadRequest, errUpload.Error())
		return
	}
	reason, step := explain(err)
	level := slog.LevelWarn
	if p.down.Swap(true) {
		level = slog.LevelDebug // told before; a page that waits asks every second
	}
	p.log.Log(r.Context(), level, "no answer from "+p.name+": "+reason, "event", "proxy.down", "target", p.name, "path", r.URL.Path, "error", err.Error(), "hint", step.Text)
	w.Header().Set(DownHeader, "1")
	if r.Header.Get("Upgrade") != "" || !page.Navigation(r) {
		page.Text(w, http.StatusBadGateway, p.name+" does not answer: "+reason)
		return
	}
	down := page.Page{
		Status: http.StatusBadGateway,
		Title:  nameOf(p.name) + " does not answer",
		Lead:   "realtimectl is running, but the server behind it could not be reached: " + reason + ".",
		Facts: []page.Fact{
			{Label: "Target", Values: []string{p.target.Scheme + "://" + p.target.Host}},
			{Label: "Asked for", Values: []string{r.Method + " " + r.URL.Path}},
			{Label: "Error", Values: []string{rootCause(err)}},
		},
		Steps: []page.Step{step, {Text: "If it listens at another address, name that: in realtimectl.yaml, or with", Code: "realtimectl serve --target http://localhost:PORT"}},
	}
	if r.Method == http.MethodGet {
		down.Live, down.Script = "Waiting for it; this page reloads by itself", waitScript
	}
	down.ServeHTTP(w, r)
}

// nameOf makes a heading of a name: addresses stay as they are.
func nameOf(name string) string {
	if strings.Contains(name, "://") {
		return name
	}
	return "The back-end " + name
}

// explain turns an error of a connection into words and a way out.
func explain(err error) (reason string, step page.Step) {
	start := page.Step{Text: "Start the server, or look into its output for why it stopped."}
	dns, noName := errors.AsType[*net.DNSError](err)
	op, isOp := errors.AsType[*net.OpError](err)
	timeout, isTimeout := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, errNotReady):
		return "it is starting and did not become ready in time", page.Step{Text: "Look into its output; it may have failed to start."}
	case noName:
		return "the name " + dns.Name + " is not known", page.Step{Text: "Check the spelling of the host name."}
	case isCertificateError(err):
		return "its certificate is not trusted", page.Step{Text: "For a server of your own, use its http address, or name the file of its authority:", Code: "SSL_CERT_FILE=ca.pem realtimectl serve"}
	case isTimeout && timeout.Timeout():
		return "it did not answer in time", start
	case isOp && op.Op == "dial":
		return "nothing listens there", start
	}
	return "it closed the connection without an answer", start
}

func isCertificateError(err error) bool {
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, invalid := errors.AsType[*tls.CertificateVerificationError](err)
	_, name := errors.AsType[x509.HostnameError](err)
	return unknown || invalid || name
}

// rootCause is the innermost message, which names the address and the reason.
func rootCause(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Error()
	}
	return err.Error()
}
