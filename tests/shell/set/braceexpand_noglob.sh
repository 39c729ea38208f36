set +B; echo {a,b}; set -B; echo {a,b}
touch x1; set -f; echo x*; set +f; echo x*
