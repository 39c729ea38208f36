exec -l sh -c 'echo $0'
