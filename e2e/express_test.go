package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// expressPage is the single page of the project: jobs that arrive by Socket.IO, under any
// route.
const expressPage = `<!doctype html><html><head><base href="/"><title>jobs</title><link rel="stylesheet" href="index.css"></head>
<body><ul id="jobs"></ul><script src="/socket.io/socket.io.js"></script><script src="app.js"></script></body></html>`

const expressScript = `const socket = io();
socket.on('server:created:job', (job) => { const li = document.createElement('li'); li.textContent = job.title; jobs.append(li); });
const version = 1;
`

// express is a running server of the old kind.
type express struct {
	url   string
	stdin io.Closer
	cmd   *exec.Cmd
}

func startExpress(t *testing.T, dir, port string) *express {
	t.Helper()
	cmd := exec.Command("node", "express.cjs", dir, port)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	e := &express{stdin: stdin, cmd: cmd}
	t.Cleanup(func() { e.stop(t) })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	e.url = strings.TrimSpace(line)
	return e
}

func (e *express) stop(t *testing.T) {
	t.Helper()
	if e.cmd.ProcessState != nil {
		return
	}
	_ = e.stdin.Close()
	if err := e.cmd.Wait(); err != nil {
		t.Errorf("node: %v", err)
	}
}

func (e *express) port(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(e.url)
	if err != nil {
		t.Fatal(err)
	}
	return u.Port()
}

// expressProject writes the project and serves it: node as it always was, and realtimectl
// in the place of BrowserSync.
func expressProject(t *testing.T) (board, *express, *serving) {
	t.Helper()
	b := newBoard(t)
	b.save(t, "src/index.html", expressPage)
	b.save(t, "src/app.js", expressScript)
	b.save(t, "src/index.css", "li { color: rgb(1, 1, 1) }")
	node := startExpress(t, b.dir, "0")
	return b, node, b.serve(t, "--target", node.url, "--proxy-port", "0", "--app-port", "0")
}

const joined = "typeof socket === 'object' && socket.connected && socket.io.engine.transport.name === 'websocket'"

// TestProjectWithItsOwnExpressAndSocketIO is the case that BrowserSync broke: the project's
// own Socket.IO and the reload socket through one port.
func TestProjectWithItsOwnExpressAndSocketIO(t *testing.T) {
	needSetup(t, "node", "chromium")
	b, node, s := expressProject(t)
	browser := realpart.Browser(t)
	writer, reader := open(t, browser, s.Proxy+"/"), open(t, browser, s.Proxy+"/jobs/42")

	t.Run("its events cross from page to page over its own WebSocket", func(t *testing.T) {
		writer.until(joined)
		reader.until(joined)
		writer.do(`void socket.emit('client:created:job', { title: 'Cartógrafa é€😀' })`)
		for _, page := range []tab{writer, reader} {
			page.until(`[...document.querySelectorAll('li')].some((li) => li.textContent === 'Cartógrafa é€😀')`)
		}
	})
	t.Run("a saved style sheet is swapped in, and the connection stays", func(t *testing.T) {
		reader.do(`window.untouched = socket.id`)
		b.save(t, "src/index.css", "li { color: rgb(2, 2, 2) }")
		reader.until(`getComputedStyle(document.querySelector('li')).color === 'rgb(2, 2, 2)'`)
		reader.until(`window.untouched === socket.id && socket.connected`)
	})
	t.Run("a saved script reloads, and the page connects again", func(t *testing.T) {
		b.save(t, "src/app.js", strings.Replace(expressScript, "version = 1", "version = 2", 1))
		for _, page := range []tab{writer, reader} {
			page.until(`version === 2 && window.untouched === undefined && ` + joined)
		}
	})
	t.Run("it sees the address in the bar and redirects to it", func(t *testing.T) {
		u, err := url.Parse(s.Proxy)
		if err != nil {
			t.Fatal(err)
		}
		writer.until(fmt.Sprintf(`fetch('/api/started').then((r) => r.json()).then((r) => r.host === %q && r.forwarded === %q)`, u.Host, u.Host))
		writer.do(`document.body.innerHTML += '<form method=post action=/login>'; document.forms[0].submit()`)
		writer.until(fmt.Sprintf(`location.href === %q && %s`, s.Proxy+"/jobs/1", joined))
	})
	t.Run("while it is down a page says so, and loads when it is back", func(t *testing.T) {
		port := node.port(t)
		node.stop(t)
		late := open(t, browser, s.Proxy+"/jobs/7")
		late.until(`document.body.textContent.includes('does not answer')`)
		reader.until(`socket.connected === false`)
		startExpress(t, b.dir, port)
		late.until(joined)
		reader.until(joined)
	})
}
