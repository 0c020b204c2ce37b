module com.example/acme

go 1.19

require junctor.dev/sdk v1.0.0

replace junctor.dev/sdk => ../../go
