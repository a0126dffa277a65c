"""URL patterns of the app: the path and name of every view in `conversations.views` that is not for
administrators or health checks."""

from django.urls import path

from conversations.views import (
    access_log,
    account,
    approvals,
    cases,
    conversation_list,
    conversations,
    feedback,
    files,
    first_visit,
    invitation,
    jobs,
    messages,
    queued_message,
    responses,
    retry_and_continue,
    review,
    search,
    sessions,
    shortcuts,
    single_sign_on,
    transfer,
    trash,
    usage,
    usage_csv,
)

urlpatterns = [
    path("", conversations.home, name="home"),
    path("setup/", first_visit.setup, name="setup"),
    path("account/", account.account, name="account"),
    path("account/sessions/", sessions.sessions, name="sessions"),
    # Before allauth's, which has no log-out at the provider.
    path("accounts/logout/", single_sign_on.logout, name="account_logout"),
    path("accounts/oidc/login/", single_sign_on.login, name="oidc_login"),
    path("accounts/oidc/login/callback/", single_sign_on.callback, name="oidc_callback"),
    path("accounts/oidc/again/", single_sign_on.again, name="oidc_again"),
    path("accounts/invitation/<str:token>/", invitation.invitation, name="invitation"),
    path("robots.txt", conversations.robots, name="robots"),
    path("search/", search.search, name="search"),
    path("shortcuts/", shortcuts.shortcuts, name="shortcuts"),
    path("sidebar/", conversation_list.sidebar, name="sidebar"),
    path("archive/", conversation_list.archive_page, name="archive_page"),
    path("pinned/", conversation_list.pinned_page, name="pinned_page"),
    path("trash/", trash.trash_page, name="trash_page"),
    path("trash/empty/", trash.empty_trash, name="empty_trash"),
    # /data/
    path("data/", transfer.data, name="data"),
    path("jobs/<uuid:job_id>/", jobs.job, name="job"),
    path("jobs/<uuid:job_id>/cancel/", jobs.cancel, name="cancel_job"),
    path("data/export.zip", transfer.export_all, name="export_all"),
    # /conversations/<uuid>/
    path("conversations/", conversation_list.index, name="conversations"),
    path("conversations/<uuid:conversation_id>/", conversations.conversation, name="conversation"),
    path("conversations/<uuid:conversation_id>/queued/", queued_message.queued, name="queued"),
    path("conversations/<uuid:conversation_id>/manage/", conversation_list.manage, name="manage"),
    path("conversations/<uuid:conversation_id>/rename/", conversation_list.rename, name="rename"),
    path("conversations/<uuid:conversation_id>/pin/", conversation_list.pin, name="pin"),
    path(
        "conversations/<uuid:conversation_id>/archive/", conversation_list.archive, name="archive"
    ),
    path("conversations/<uuid:conversation_id>/trash/", trash.trash, name="trash"),
    path("conversations/<uuid:conversation_id>/restore/", trash.restore, name="restore"),
    path("conversations/<uuid:conversation_id>/erase/", trash.erase, name="erase"),
    path("conversations/<uuid:conversation_id>/seen/", conversation_list.seen, name="seen"),
    path(
        "conversations/<uuid:conversation_id>/export.md",
        transfer.export_markdown,
        name="export_markdown",
    ),
    path(
        "conversations/<uuid:conversation_id>/export.json", transfer.export_json, name="export_json"
    ),
    # /files/
    path("files/", files.upload, name="files"),
    path("files/<uuid:file_id>/", files.file, name="file"),
    path("files/<uuid:file_id>/small/", files.small, name="small_file"),
    path("files/<uuid:file_id>/text/", files.text, name="file_text"),
    path("files/<uuid:file_id>/remove/", files.remove, name="remove_file"),
    # /messages/<uuid>/
    path("messages/<uuid:message_id>/text/", messages.text, name="text"),
    path("messages/<uuid:message_id>/edit/", messages.edit, name="edit"),
    path("messages/<uuid:message_id>/retry/", retry_and_continue.retry, name="retry"),
    path(
        "messages/<uuid:message_id>/continue/", retry_and_continue.continue_reply, name="continue"
    ),
    path("messages/<uuid:message_id>/approval/", approvals.approval, name="approval"),
    path("messages/<uuid:message_id>/feedback/", feedback.feedback, name="feedback"),
    # /responses/<uuid>/
    path("responses/<uuid:response_id>/events/", responses.events, name="events"),
    path("responses/<uuid:response_id>/status/", responses.status, name="status"),
    path("responses/<uuid:response_id>/stop/", responses.stop, name="stop"),
    # /usage/
    path("usage/", usage.mine, name="usage"),
    path("usage.csv", usage_csv.mine, name="usage_csv"),
    path("usage/costs/", usage.costs, name="usage_costs"),
    path("usage/costs.csv", usage_csv.costs, name="usage_costs_csv"),
    path("usage/people/", usage.people, name="usage_people"),
    path("usage/people.csv", usage_csv.people, name="usage_people_csv"),
    path("usage/people/<str:username>/", usage.person, name="usage_person"),
    path("usage/people/<str:username>.csv", usage_csv.person, name="usage_person_csv"),
    # /review/
    path("review/", review.index, name="review"),
    path("review/export/", cases.export_selection, name="review_export_selection"),
    path("review/log/", access_log.index, name="review_log"),
    path("review/log.csv", access_log.download, name="review_log_csv"),
    # /review/<uuid>/
    path("review/<uuid:conversation_id>/", review.conversation, name="review_conversation"),
    path("review/<uuid:conversation_id>/export/", cases.export, name="review_export"),
    path("review/<uuid:conversation_id>/flag/", review.flag, name="review_flag"),
    path("review/<uuid:conversation_id>/note/", review.note, name="review_note"),
    path("review/<uuid:conversation_id>/reviewed/", review.reviewed, name="review_reviewed"),
    path("review/<uuid:conversation_id>/files/<uuid:file_id>/", review.file, name="review_file"),
    path(
        "review/<uuid:conversation_id>/files/<uuid:file_id>/text/",
        review.file_text,
        name="review_file_text",
    ),
    path("review/<uuid:conversation_id>/next/", review.following, name="review_next"),
    path(
        "review/<uuid:conversation_id>/responses/<uuid:response_id>/input/",
        review.response_input,
        name="review_input",
    ),
]
