package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/realtimectl/realtimectl/internal/realpart"
)

// standIn is what of Laravel the classes of the template lean on, so that they run
// without it: the base class with its formatChannels, and the two exceptions.
const standIn = `
namespace Illuminate\Broadcasting { class BroadcastException extends \RuntimeException {} class Channel { public function __construct(public string $name) {} public function __toString(): string { return $this->name; } } }
namespace Illuminate\Contracts\Broadcasting { interface ShouldBroadcastNow {} }
namespace Symfony\Component\HttpKernel\Exception { class AccessDeniedHttpException extends \RuntimeException {} }
namespace Illuminate\Broadcasting\Broadcasters { abstract class Broadcaster {
	abstract public function auth($request);
	abstract public function validAuthenticationResponse($request, $result);
	abstract public function broadcast(array $channels, $event, array $payload = []);
	protected function formatChannels(array $channels) { return array_map('strval', $channels); }
} }
namespace {
	[, $app, $url, $token, $title] = $argv;
	foreach (['Broadcasting/Realtimectl', 'Broadcasting/RealtimectlBroadcaster', 'Events/JobCreated'] as $file) { require "$app/$file.php"; }
	$broadcaster = new App\Broadcasting\RealtimectlBroadcaster(new App\Broadcasting\Realtimectl($url, $token));
	$event = new App\Events\JobCreated(['id' => 'from-php', 'title' => $title, 'company' => 'PHP', 'place' => 'Faro', 'createdAt' => '2026-11-29T12:00:00.000Z']);
	$broadcaster->broadcast([$event->broadcastOn()], $event->broadcastAs(), $event->broadcastWith() + ['socket' => null]);
}`

// TestLaravelClassesBroadcast runs the classes that the template brings with the real
// php: a page hears of a job; a wrong token is told.
func TestLaravelClassesBroadcast(t *testing.T) {
	needSetup(t, "chromium")
	php := realpart.Command(t, "php")
	b := newBoard(t)
	b.dir = filepath.Join(t.TempDir(), "board")
	b.run(t, "init", b.dir, "--template", "laravel", "--yes")
	s := b.serve(t, "--proxy-port", "0", "--app-port", "0")
	page := open(t, realpart.Browser(t), s.Proxy)
	page.until(connected + ` && document.querySelectorAll('.job').length >= 6`)
	broadcast := func(token string) (string, error) {
		out, err := exec.CommandContext(t.Context(), php, "-r", standIn, "--", b.path("laravel/app"), s.App, token, "Olá de PHP").CombinedOutput()
		return string(out), err
	}
	if out, err := broadcast(b.path(".realtimectl/token")); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	page.until(lists("Olá de PHP"))
	if out, err := broadcast(b.path("README.md")); err == nil {
		t.Errorf("a wrong token was good enough: %s", out)
	}
}
