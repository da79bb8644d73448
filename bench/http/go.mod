module github.com/realtimectl/realtimectl/bench/http

go 1.26.0
