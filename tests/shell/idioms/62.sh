if [[ -n "${CI:-}" ]]; then echo ci; else echo local; fi; export CI=1; bash -c 'echo ${CI}'; env CI=2 bash -c 'echo $CI'
