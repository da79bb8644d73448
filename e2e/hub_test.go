package e2e

import (
	"net/http"
	"testing"
)

func mountHub(t *testing.T, mux *http.ServeMux) { t.Skip("no hub yet") }
