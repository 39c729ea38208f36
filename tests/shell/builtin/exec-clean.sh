exec -c env
