trap 'rm -f tmpf; echo cleaned' EXIT; touch tmpf; ls tmpf; exit 3
