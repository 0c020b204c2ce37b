module junctor.dev/sdk

go 1.19
