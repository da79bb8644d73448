module github.com/realtimectl/realtimectl/bench/hub

go 1.26.0
